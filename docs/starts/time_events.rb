# Three ways to give event_loop.rb the time events that its author wanted: SET ... PX makes one that deletes the key.
# Nobody else has seen the code that froze. These are the ways that the loop leads to.
#
#   ruby time_events.rb [PORT] sleep|spin|late [quiet]
#
#   sleep   waits for the time of each event in turn
#   spin    goes over the events until there are none
#   late    runs those that are due, whenever select has returned
#   quiet   and asks for writability only where there is a write handler
require_relative 'event_loop'

TimeEvent = Struct.new(:at_ms, :proc)

module TimeEvents
  attr_writer :way, :quiet

  def time_events = @time_events ||= []

  def create_time_event(after_ms, &proc)
    time_events << TimeEvent.new(now_ms + after_ms, proc)
  end

  private

  def process_events
    super
    send(@way)
  end

  def sockets_to_write
    return super unless @quiet

    @events.values.select { |event| event.handler[EventType::WRITABLE] }.map(&:socket)
  end

  # ANCHOR: ways
  def sleep_until_each
    while (event = time_events.shift)
      sleep([event.at_ms - now_ms, 0].max / 1000.0)
      run(event)
    end
  end

  def spin_until_none
    run_due until time_events.empty?
  end

  def run_due
    due, @time_events = time_events.partition { |event| event.at_ms <= now_ms }
    due.each { |event| run(event) }
  end
  # ANCHOR_END: ways

  def run(event)
    @late_ms = now_ms - event.at_ms
    event.proc.call
  end
end

# The time event takes the place of the time stamp, so GET does not look at the time any more.
module WithTimeEvents
  # ANCHOR: set
  def set_command((key, value, option, ms))
    @store[key] = value
    if option&.upcase == 'PX'
      @event_loop.create_time_event(ms.to_i) { @store.delete(key) }
    end
    "+OK\r\n"
  end
  # ANCHOR_END: set
end

EventLoop.prepend(TimeEvents)
RedisServer::Command.prepend(WithTimeEvents)

WAYS = { 'sleep' => :sleep_until_each, 'spin' => :spin_until_none, 'late' => :run_due }.freeze
server = RedisServer::Server.new((ARGV[0] || 16379).to_i)
event_loop = server.instance_variable_get(:@el)
event_loop.way = WAYS.fetch(ARGV[1])
event_loop.quiet = ARGV[2] == 'quiet'
server.start
