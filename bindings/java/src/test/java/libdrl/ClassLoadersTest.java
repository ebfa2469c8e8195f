package libdrl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** As in a servlet container: each application has the library in a class loader of its own, and goes when it is deployed anew. */
class ClassLoadersTest {
  private static URLClassLoader loader() {
    URL[] places = {place(Client.class), place(WebApplication.class)};
    return new URLClassLoader(places, ClassLoader.getPlatformClassLoader());
  }

  private static URL place(Class<?> known) {
    return known.getProtectionDomain().getCodeSource().getLocation();
  }

  @SuppressWarnings("unchecked")
  private static UnaryOperator<String> application(ClassLoader loader) throws Exception {
    return (UnaryOperator<String>) loader.loadClass(WebApplication.class.getName()).getConstructor().newInstance();
  }

  @Test
  void applicationsSideBySideHaveALibraryEach() throws Exception {
    try (RedisServer redis = new RedisServer(); URLClassLoader one = loader(); URLClassLoader other = loader()) {
      assertNotSame(application(one).getClass(), application(other).getClass());
      for (int i = 0; i < 3; i++) {
        for (ClassLoader loader : new ClassLoader[] {one, other}) assertEquals("COST ALLOWED", application(loader).apply(redis.url()));
      }
    }
  }

  @Test
  void anApplicationThatClosedWhatItOpenedIsCollected() throws Exception {
    try (RedisServer redis = new RedisServer()) {
      for (int i = 0; i < 3; i++) isCollected(used(redis.url()));
    }
  }

  private static WeakReference<ClassLoader> used(String redisUrl) throws Exception {
    try (URLClassLoader loader = loader()) {
      application(loader).apply(redisUrl);
      return new WeakReference<>(loader);
    }
  }

  private static void isCollected(WeakReference<ClassLoader> loader) {
    for (int i = 0; i < 200 && loader.get() != null; i++) {
      System.gc();
      RedisServer.sleep(20);
    }
    assertNull(loader.get(), "something holds on to the class loader");
  }
}
