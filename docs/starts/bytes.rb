# Where "$#{value.length}\r\n" breaks: the server of event_loop.rb, with one value that did not come through a socket. What a
# socket gives is ASCII-8BIT, where a character is a byte, and so the length comes out right. What a program has from anywhere
# else (its own source, a file, the command line) is text as a rule, whose length counts characters. The chapter "Coming from
# Ruby's IO.select" has both; tests/starts.rs runs this.
#
#   ruby bytes.rb [PORT]
require_relative 'event_loop'

# ANCHOR: preset
module Preset
  def initialize(event_loop)
    super
    @store['greeting'] = 'こんにちは' # a String literal: UTF-8
  end
end
# ANCHOR_END: preset

RedisServer::Command.prepend(Preset)
RedisServer::Server.new((ARGV[0] || 16379).to_i).start
