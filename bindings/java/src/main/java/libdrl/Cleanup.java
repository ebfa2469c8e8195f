package libdrl;

import java.lang.ref.Cleaner;

/** The net under those who forget to close. */
final class Cleanup {
  private static final Cleaner CLEANER = Cleaner.create();

  private Cleanup() {}

  /** {@code close} must not refer to {@code owner}; it runs once, by clean() or when the owner is unreachable. */
  static Cleaner.Cleanable register(Object owner, Runnable close) {
    return CLEANER.register(owner, close);
  }
}
