package libdrl;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Finds and loads the native part: the file that -Dlibdrl.library names; or libdrl_java.so on java.library.path; or the one in the
 * jar for this processor, by way of a temporary file that is gone once it is loaded.
 */
final class NativeLibrary {
  static final String PROPERTY = "libdrl.library";
  private static final String NAME = "drl_java";

  private NativeLibrary() {}

  static void load() {
    String file = System.getProperty(PROPERTY);
    if (file != null) {
      System.load(Path.of(file).toAbsolutePath().toString());
      return;
    }
    try {
      System.loadLibrary(NAME);
    } catch (UnsatisfiedLinkError notOnPath) {
      loadFromJar(notOnPath);
    }
  }

  static String resource(String osName, String osArch) {
    String os = osName.toLowerCase(java.util.Locale.ROOT).replace(' ', '-');
    String arch = osArch.equals("amd64") ? "x86_64" : osArch;
    return "/META-INF/native/" + os + "-" + arch + "/lib" + NAME + ".so";
  }

  private static void loadFromJar(UnsatisfiedLinkError notOnPath) {
    String resource = resource(System.getProperty("os.name"), System.getProperty("os.arch"));
    try (InputStream library = NativeLibrary.class.getResourceAsStream(resource)) {
      if (library == null) throw failure("the jar has no " + resource, notOnPath);
      Path folder = Files.createTempDirectory("libdrl");
      Path copy = folder.resolve(System.mapLibraryName(NAME));
      try {
        Files.copy(library, copy);
        System.load(copy.toString());
      } finally {
        Files.deleteIfExists(copy);
        Files.deleteIfExists(folder);
      }
    } catch (IOException unwritable) {
      throw failure("cannot unpack " + resource, unwritable);
    }
  }

  private static UnsatisfiedLinkError failure(String why, Throwable cause) {
    var error = new UnsatisfiedLinkError("libdrl: no native library: " + why + ". Name its file by -D" + PROPERTY
        + ", or put it on java.library.path");
    error.initCause(cause);
    return error;
  }
}
