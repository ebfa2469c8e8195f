package libdrl;

import java.nio.charset.StandardCharsets;
import java.time.temporal.ChronoUnit;

/**
 * The thread that asks a client's {@link CredentialsProvider}, since no thread of the library may enter Java. It refers to no Client, and
 * ends when the client is closed or did not open.
 */
final class CredentialsThread implements Runnable {
  private static final byte[] NOTHING = new byte[0];

  private final long mailbox;
  private final CredentialsProvider provider;

  private CredentialsThread(long mailbox, CredentialsProvider provider) {
    this.mailbox = mailbox;
    this.provider = provider;
  }

  /** Returns where {@link Flat#clientOpen} asks: it must be called next. */
  static long start(CredentialsProvider provider) {
    long[] mailbox = new long[1];
    Flat.mailboxOpen(mailbox);
    Thread thread = new Thread(null, new CredentialsThread(mailbox[0], provider), "libdrl-credentials", 0, false);
    thread.setDaemon(true);
    thread.setContextClassLoader(provider.getClass().getClassLoader());
    try {
      thread.start();
    } catch (Throwable noThread) {
      Flat.mailboxClose(mailbox[0]);
      throw noThread;
    }
    return mailbox[0];
  }

  @Override
  public void run() {
    try {
      while (isAsked()) answer();
    } finally {
      Flat.mailboxClose(mailbox);
    }
  }

  private boolean isAsked() {
    while (true) {
      try {
        Flat.mailboxWait(mailbox);
        return true;
      } catch (DrlException closed) {
        return false;
      } catch (OutOfMemoryError lackOfResources) {
        Thread.yield();
      }
    }
  }

  private void answer() {
    try {
      Credentials given = provider.get();
      if (given == null) throw new NullPointerException("the provider gave null");
      long micros = Errors.micros(given.expiresIn().plusNanos(999).truncatedTo(ChronoUnit.MICROS), "expiresIn");
      Flat.mailboxAnswer(mailbox, Errors.utf8(given.username(), "username"), Errors.utf8(given.password(), "password"), micros, NOTHING);
    } catch (Throwable failure) {
      Flat.mailboxAnswer(mailbox, NOTHING, NOTHING, 0, why(failure));
    }
  }

  private static byte[] why(Throwable failure) {
    String name = failure.getClass().getName();
    try {
      return failure.toString().getBytes(StandardCharsets.UTF_8);
    } catch (Throwable another) {
      return name.getBytes(StandardCharsets.UTF_8);
    }
  }
}
