# A Redis around IO.select, in the shape that readers of a Ruby series have built: EventLoop, FileEvent, Server, Command
# and Parser, with the same methods and the same faults. Written anew for this book. The chapter "Coming from Ruby's
# IO.select" takes it apart, tests/starts.rs shows each fault that it names, and event_loop_fixed.rb is well.
# DBSIZE, TURNS and LATE are not in the series: they are there to look at the loop with.
#
#   ruby event_loop.rb [PORT]
require 'socket'

module EventType
  READABLE = 1
  WRITABLE = 2
end

Client = Struct.new(:socket, :buffer)

def now_ms = (Time.now.to_f * 1000).to_i

# A socket, and what to call when it is ready.
class FileEvent
  attr_reader :socket, :handler

  def initialize(socket)
    @socket = socket
    @handler = { EventType::READABLE => nil, EventType::WRITABLE => nil }
  end
end

class EventLoop
  attr_reader :turns, :late_ms

  def initialize
    @events = {} # the number of a descriptor => its FileEvent
    @fired = []
    @stop = false
    @turns = @late_ms = 0
  end

  def create_file_event(socket, mask, proc)
    event = @events[socket.fileno] || FileEvent.new(socket)
    event.handler[mask] = proc
    @events[socket.fileno] = event
  end

  def delete_file_event(fd, mask)
    event = @events[fd]
    event.handler[mask] = nil
    @events.delete(fd) if event.handler.values.compact.empty?
  end

  def main_loop
    process_events until @stop
  end

  private

  # ANCHOR: select
  def process_events
    @turns += 1
    readable, writable = IO.select(sockets_to_read, sockets_to_write, nil, 10)
    readable&.each { |socket| @fired << [socket, EventType::READABLE] }
    writable&.each { |socket| @fired << [socket, EventType::WRITABLE] }
    @fired.each do |socket, mask|
      file_event = @events[socket.fileno]
      file_event.handler[mask]&.call
    end
    @fired.clear
  end

  def sockets_to_read = @events.values.map(&:socket)

  def sockets_to_write = @events.values.map(&:socket)
  # ANCHOR_END: select
end

module RedisServer
  class Server
    def initialize(port)
      @port = port
      @el = EventLoop.new
      @clients = {}
      @parser = Parser.new
      @executor = Command.new(@el)
    end

    def start
      server = TCPServer.new('127.0.0.1', @port)
      @el.create_file_event(server, EventType::READABLE, accept_handler(server))
      @el.main_loop
    end

    private

    def accept_handler(server)
      lambda do
        client = Client.new(server.accept, String.new)
        @clients[client.socket.fileno] = client
        @el.create_file_event(client.socket, EventType::READABLE, read_handler(client))
      end
    end

    # ANCHOR: handlers
    def read_handler(client)
      lambda do
        client.buffer << client.socket.readpartial(1024)
        @el.create_file_event(client.socket, EventType::WRITABLE, writer_handler(client))
      rescue EOFError, IOError
        @el.delete_file_event(client.socket.fileno, EventType::READABLE)
      end
    end

    def writer_handler(client)
      lambda do
        command, *args = @parser.parse(client.buffer)
        client.buffer.clear
        client.socket.write(@executor.execute(command, args))
        @el.delete_file_event(client.socket.fileno, EventType::WRITABLE)
      end
    end
    # ANCHOR_END: handlers
  end

  class Command
    def initialize(event_loop)
      @event_loop = event_loop
      @store = {}
      @time_stamp_store = {}
    end

    def execute(command, args)
      case command.upcase
      when 'PING' then "+PONG\r\n"
      when 'ECHO' then "+#{args.join("\r\n")}\r\n"
      when 'SET' then set_command(args)
      when 'GET' then get_command(args)
      when 'DBSIZE' then ":#{@store.size}\r\n"
      when 'TURNS' then ":#{@event_loop.turns}\r\n"
      when 'LATE' then ":#{@event_loop.late_ms}\r\n"
      else "-ERR unknown command '#{command}'\r\n"
      end
    end

    private

    def set_command((key, value, option, ms))
      @store[key] = value
      @time_stamp_store[key] = option&.upcase == 'PX' ? now_ms + ms.to_i : nil
      "+OK\r\n"
    end

    def get_command((key))
      value = @store[key]
      expires_ms = @time_stamp_store[key]
      return "$-1\r\n" if value.nil? || (expires_ms && expires_ms < now_ms)

      "$#{value.length}\r\n#{value}\r\n"
    end
  end

  class Parser
    def parse(data)
      case data[0]
      when '$' then parse_bulk_string(data[1..])
      when '*' then parse_array(data[1..])
      else raise 'Invalid RESP type'
      end
    end

    private

    def parse_bulk_string(data)
      length, rest = data.split("\r\n", 2)
      length = length.to_i
      return rest[0...length] if rest[length + 2..].empty?

      [rest[0...length], rest[length + 2..]]
    end

    def parse_array(data)
      count, rest = data.split("\r\n", 2)
      Array.new(count.to_i) do
        element, rest = parse(rest)
        element
      end
    end
  end
end

RedisServer::Server.new((ARGV[0] || 16379).to_i).start if $PROGRAM_NAME == __FILE__
