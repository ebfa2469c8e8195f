package libdrl;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A Redis of the test's own, on a Unix socket in a temporary folder. */
public final class RedisServer implements AutoCloseable {
  private final Path folder;
  private final Path socket;
  private volatile Process process;
  private boolean closed;

  public RedisServer() {
    Runtime.getRuntime().addShutdownHook(new Thread(this::close)); // a test that failed while it was set up closes nothing
    try {
      folder = Files.createTempDirectory("drl-java");
      socket = folder.resolve("redis.sock");
      start();
    } catch (IOException failure) {
      throw new AssertionError(failure);
    }
  }

  public String url() {
    return "unix://" + socket;
  }

  public void start() throws IOException {
    List<String> command = new ArrayList<>(List.of("redis-server", "--port", "0", "--unixsocket", socket.toString(), "--dir",
        folder.toString(), "--save", "", "--appendonly", "no", "--user", "default", "on", "nopass"));
    command.addAll(rules());
    command.addAll(List.of("--user", "admin", "on", ">admin", "~*", "+@all"));
    process = new ProcessBuilder(command).redirectOutput(folder.resolve("log").toFile()).redirectErrorStream(true).start();
    for (int i = 0; i < 200; i++) {
      try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
        channel.connect(UnixDomainSocketAddress.of(socket));
        return;
      } catch (IOException notYet) {
        sleep(25);
      }
    }
    throw new AssertionError("redis-server did not start: " + Files.readString(folder.resolve("log")));
  }

  /** What the documented user may do: whoever connects is that one. */
  private static List<String> rules() throws IOException {
    Path script = Path.of(System.getProperty("drl.root", "../.."), "scripts", "redis-user");
    Process printing = new ProcessBuilder(script.toString(), "--rules", "reset").start();
    return List.of(new String(printing.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).trim().split(" "));
  }

  /** Fails when Redis refused anything to that user. */
  private void assertNothingWasRefused() throws IOException {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(socket));
      channel.write(ByteBuffer.wrap("AUTH admin admin\r\nACL LOG\r\n".getBytes(StandardCharsets.US_ASCII)));
      String wanted = "+OK\r\n*0\r\n";
      ByteBuffer reply = ByteBuffer.allocate(4096);
      while (reply.position() < wanted.length() && channel.read(reply) > 0) continue;
      String said = new String(reply.array(), 0, reply.position(), StandardCharsets.UTF_8);
      if (!said.equals(wanted)) throw new AssertionError("Redis refused what lua/permissions.txt should allow: " + said);
    }
  }

  /** One inline command of one who may do everything; it must be answered so. */
  public void admin(String command, String wanted) {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(socket));
      channel.write(ByteBuffer.wrap(("AUTH admin admin\r\n" + command + "\r\n").getBytes(StandardCharsets.US_ASCII)));
      ByteBuffer reply = ByteBuffer.allocate(4096);
      while (reply.position() < 5 + wanted.length() && channel.read(reply) > 0) continue;
      String said = new String(reply.array(), 0, reply.position(), StandardCharsets.UTF_8);
      if (!said.startsWith("+OK\r\n" + wanted)) throw new AssertionError(command + ": " + said);
    } catch (IOException failure) {
      throw new AssertionError(failure);
    }
  }

  /** Lets nobody in but the documented user, "drl", with this password; again: changes the password. */
  public void guard(String password) {
    try {
      admin("ACL SETUSER drl reset on >" + password + " " + String.join(" ", rules()), "+OK");
    } catch (IOException failure) {
      throw new AssertionError(failure);
    }
    admin("ACL SETUSER default off", "+OK");
  }

  /** Cuts the connections of all others. */
  public void disconnect() {
    admin("CLIENT KILL TYPE normal", ":");
  }

  /** The folder of ca.pem, and of me.pem and me.key for clients, once {@link #overTls} was called. */
  public Path folder() {
    return folder;
  }

  /** The address for connections over TLS. */
  public String overTls() throws IOException, InterruptedException {
    String key = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 ";
    openssl(key + "-keyout ca.key -out ca.pem -subj /CN=authority");
    openssl(key + "-keyout me.key -out me.pem -subj /CN=me -CA ca.pem -CAkey ca.key -addext subjectAltName=IP:127.0.0.1"
        + " -addext basicConstraints=critical,CA:FALSE");
    int port = freePort();
    admin("CONFIG SET tls-ca-cert-file " + folder + "/ca.pem tls-cert-file " + folder + "/me.pem tls-key-file " + folder + "/me.key", "+OK");
    admin("CONFIG SET tls-port " + port, "+OK");
    return "rediss://127.0.0.1:" + port + "/0";
  }

  private void openssl(String command) throws IOException, InterruptedException {
    int status = new ProcessBuilder(command.split(" ")).directory(folder.toFile()).redirectErrorStream(true)
        .redirectOutput(folder.resolve("openssl.log").toFile()).start().waitFor();
    if (status != 0) throw new AssertionError(Files.readString(folder.resolve("openssl.log")));
  }

  /** Ends it for good; the folder stays. */
  public void stop() {
    process.destroy();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) process.destroyForcibly().waitFor();
    } catch (InterruptedException interrupted) {
      throw new AssertionError(interrupted);
    }
  }

  /** It holds its breath: connections stay, answers do not come. */
  public void pause() {
    signal("STOP");
  }

  public void resume() {
    signal("CONT");
  }

  private void signal(String name) {
    try {
      int status = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).inheritIO().start().waitFor();
      if (status != 0) throw new AssertionError("kill -" + name + " ended with " + status);
    } catch (IOException | InterruptedException failure) {
      throw new AssertionError(failure);
    }
  }

  @Override
  public synchronized void close() {
    if (closed || process == null) return;
    closed = true;
    try {
      if (process.isAlive()) assertNothingWasRefused();
    } catch (IOException failure) {
      throw new AssertionError(failure);
    }
    stop();
    try (var paths = Files.walk(folder)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) Files.delete(path);
    } catch (IOException failure) {
      throw new AssertionError(failure);
    }
  }

  public static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException interrupted) {
      throw new AssertionError(interrupted);
    }
  }

  /** Runs a class of the tests in a Java of its own; its output, or a failure when it does not end well within the time. */
  public static String runJava(Class<?> program, int seconds, String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xcheck:jni",
        "-cp", System.getProperty("java.class.path"), program.getName()));
    command.addAll(List.of(arguments));
    Path said = Files.createTempFile("drl-java", ".log");
    Process child = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said.toFile()).start();
    try {
      boolean ended = child.waitFor(seconds, TimeUnit.SECONDS);
      String output = Files.readString(said);
      if (!ended) throw new AssertionError(program + " did not end within " + seconds + " s: " + output);
      if (child.exitValue() != 0) throw new AssertionError(program + " ended with " + child.exitValue() + ": " + output);
      return output;
    } finally {
      child.destroyForcibly();
      Files.delete(said);
    }
  }

  /** A port where nobody listens. */
  public static int freePort() {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (IOException failure) {
      throw new AssertionError(failure);
    }
  }

  static int osThreads() {
    try (var tasks = Files.list(Path.of("/proc/self/task"))) {
      return (int) tasks.count();
    } catch (IOException failure) {
      throw new AssertionError(failure);
    }
  }
}
