package libdrl;

/** Asks for a processor that no jar has a library for. */
final class NoLibrary {
  private NoLibrary() {}

  public static void main(String[] arguments) {
    System.setProperty("os.arch", "pdp11");
    Client.open("redis://localhost");
  }
}
