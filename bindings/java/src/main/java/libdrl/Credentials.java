package libdrl;

import java.time.Duration;
import java.util.Objects;

/**
 * User name and password, as a {@link CredentialsProvider} gives them.
 *
 * @param username up to 1023 bytes; empty for the default user
 * @param password up to 16383 bytes
 * @param expiresIn how long they are good for, from now on; zero: always
 */
public record Credentials(String username, String password, Duration expiresIn) {
  /**
   * Makes credentials; null is refused.
   *
   * @param username up to 1023 bytes; empty for the default user
   * @param password up to 16383 bytes
   * @param expiresIn how long they are good for, from now on; zero: always
   */
  public Credentials {
    Objects.requireNonNull(username, "username");
    Objects.requireNonNull(password, "password");
    Objects.requireNonNull(expiresIn, "expiresIn");
  }

  /**
   * Credentials that do not expire.
   *
   * @param username empty for the default user
   * @param password the password
   * @return both
   */
  public static Credentials of(String username, String password) {
    return new Credentials(username, password, Duration.ZERO);
  }

  /** Without the password. */
  @Override
  public String toString() {
    return "Credentials[username=" + username + ", expiresIn=" + expiresIn + "]";
  }
}
