# event_loop.rb, repaired. It is still one thread around one IO.select, and what it does about writability, time events,
# unfinished requests, bytes and connections that end is what Aerolite does, in Ruby. To see what has changed:
#
#   diff event_loop.rb event_loop_fixed.rb
#   ruby event_loop_fixed.rb [PORT]
require 'socket'

module EventType
  READABLE = 1
  WRITABLE = 2
end

Client = Struct.new(:socket, :buffer, :output)
TimeEvent = Struct.new(:at_ms, :proc)

def now_ms = Process.clock_gettime(Process::CLOCK_MONOTONIC, :millisecond)

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
    @events = {}.compare_by_identity # a socket => its FileEvent
    @time_events = []
    @stop = false
    @turns = @late_ms = 0
  end

  def create_file_event(socket, mask, proc)
    event = @events[socket] ||= FileEvent.new(socket)
    event.handler[mask] = proc
  end

  def delete_file_event(socket, mask)
    event = @events[socket]
    event.handler[mask] = nil
    @events.delete(socket) if event.handler.values.compact.empty?
  end

  def create_time_event(after_ms, &proc)
    TimeEvent.new(now_ms + after_ms, proc).tap { |event| @time_events << event }
  end

  def delete_time_event(event)
    @time_events.delete_if { |other| other.equal?(event) }
  end

  def main_loop
    process_events until @stop
  end

  private

  def process_events
    @turns += 1
    readers = sockets_with(EventType::READABLE)
    writers = sockets_with(EventType::WRITABLE)
    readable, writable = IO.select(readers, writers, nil, timeout)
    readable&.each { |socket| call(socket, EventType::READABLE) }
    writable&.each { |socket| call(socket, EventType::WRITABLE) }
    process_time_events
  end

  def sockets_with(mask)
    @events.values.select { |event| event.handler[mask] }.map(&:socket)
  end

  # An earlier handler of this batch may have deleted it.
  def call(socket, mask)
    @events[socket]&.handler&.fetch(mask)&.call
  end

  # ANCHOR: timeout
  def timeout
    nearest_ms = @time_events.map(&:at_ms).min
    nearest_ms && [nearest_ms - now_ms, 0].max / 1000.0
  end

  def process_time_events
    due, @time_events = @time_events.partition { |event| event.at_ms <= now_ms }
    due.each do |event|
      @late_ms = now_ms - event.at_ms
      event.proc.call
    end
  end
  # ANCHOR_END: timeout
end

module RedisServer
  class Server
    def initialize(port)
      @port = port
      @el = EventLoop.new
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
        client = Client.new(server.accept, String.new, String.new)
        @el.create_file_event(client.socket, EventType::READABLE, read_handler(client))
      rescue SystemCallError
        # It has gone again. (Without a descriptor left, this would spin: see the lab "Spinning on EMFILE".)
      end
    end

    def read_handler(client)
      lambda do
        client.buffer << client.socket.readpartial(READ_BYTES)
        while (request = @parser.parse(client.buffer))
          client.output << @executor.execute(*request) unless request.empty?
        end
        unless client.output.empty?
          @el.create_file_event(client.socket, EventType::WRITABLE, writer_handler(client))
        end
      rescue EOFError, SystemCallError, ProtocolError
        free(client)
      end
    end

    def writer_handler(client)
      lambda do
        sent = client.socket.write_nonblock(client.output, exception: false)
        client.output = client.output.byteslice(sent..) unless sent == :wait_writable
        @el.delete_file_event(client.socket, EventType::WRITABLE) if client.output.empty?
      rescue SystemCallError
        free(client)
      end
    end

    def free(client)
      @el.delete_file_event(client.socket, EventType::WRITABLE)
      @el.delete_file_event(client.socket, EventType::READABLE)
      client.socket.close
    end
  end

  class Command
    def initialize(event_loop)
      @event_loop = event_loop
      @store = {}
      @time_events = {}
    end

    def execute(command, *args)
      case command.upcase
      when 'PING' then "+PONG\r\n"
      when 'ECHO' then bulk(args[0])
      when 'SET' then set_command(args)
      when 'GET' then bulk(@store[args[0]])
      when 'DBSIZE' then ":#{@store.size}\r\n"
      when 'TURNS' then ":#{@event_loop.turns}\r\n"
      when 'LATE' then ":#{@event_loop.late_ms}\r\n"
      else "-ERR unknown command '#{command}'\r\n"
      end
    end

    private

    def set_command((key, value, option, ms))
      @event_loop.delete_time_event(@time_events.delete(key))
      @store[key] = value
      if option&.upcase == 'PX'
        @time_events[key] = @event_loop.create_time_event(ms.to_i) { expire(key) }
      end
      "+OK\r\n"
    end

    def expire(key)
      @store.delete(key)
      @time_events.delete(key)
    end

    def bulk(value) = value ? "$#{value.bytesize}\r\n#{value}\r\n" : "$-1\r\n"
  end

  READ_BYTES = 16 * 1024
  MAX_ARGS = 1024 * 1024
  MAX_BULK = 512 * 1024 * 1024
  ProtocolError = Class.new(StandardError)

  class Parser
    # Takes one request off the front of the buffer; nil, and the buffer as it was, while it is not whole.
    def parse(buffer)
      count, at = header('*', MAX_ARGS, buffer, 0)
      args = Array.new(count || (return nil)) do
        length, start = header('$', MAX_BULK, buffer, at)
        return nil if length.nil? || buffer.bytesize < start + length + 2

        at = start + length + 2
        buffer.byteslice(start, length)
      end
      buffer.replace(buffer.byteslice(at..))
      args
    end

    private

    def header(type, limit, buffer, at)
      line_end = buffer.index("\r\n", at)
      return unless line_end

      number = buffer[at + 1...line_end].to_i
      raise ProtocolError unless buffer[at] == type && number.between?(0, limit)

      [number, line_end + 2]
    end
  end
end

RedisServer::Server.new((ARGV[0] || 16379).to_i).start if $PROGRAM_NAME == __FILE__
