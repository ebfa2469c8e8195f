import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import libdrl.Limit;
import libdrl.RateLimiter;
import libdrl.servlet.RateLimitFilter;
import org.apache.catalina.Context;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.util.descriptor.web.FilterDef;
import org.apache.tomcat.util.descriptor.web.FilterMap;

/**
 * A web server of which each API key, or else each address, gets 10 requests a minute; a report costs five.
 *
 * <pre>
 * java -cp "libdrl-0.1.0.jar:lib/*" HttpServer.java [redis_url [port]]     # lib: tomcat-embed-core
 * curl -i localhost:8080/hello
 * </pre>
 */
public class HttpServer {
  public static void main(String[] args) throws Exception {
    String redisUrl = args.length > 0 ? args[0] : "redis://localhost:6379/0";
    int port = args.length > 1 ? Integer.parseInt(args[1]) : 8080;
    RateLimiter limiter = RateLimiter.open(redisUrl, Limit.perMinute(10));
    RateLimitFilter filter = RateLimitFilter.builder(limiter)
        .identity(request -> request.getHeader("X-Api-Key"))
        .cost(request -> request.getRequestURI().startsWith("/report") ? 5 : 1)
        .skip(request -> request.getRequestURI().equals("/health"))
        .build();

    Tomcat tomcat = new Tomcat();
    tomcat.setPort(port);
    tomcat.setBaseDir(System.getProperty("java.io.tmpdir"));
    Context context = tomcat.addContext("", null);
    FilterDef definition = new FilterDef();
    definition.setFilterName("limit");
    definition.setFilter(filter);
    context.addFilterDef(definition);
    FilterMap everything = new FilterMap();
    everything.setFilterName("limit");
    everything.addURLPattern("/*");
    context.addFilterMap(everything);
    Tomcat.addServlet(context, "hello", new Hello()).addMapping("/*");
    tomcat.getConnector();
    tomcat.start();
    System.out.println("listening on port " + tomcat.getConnector().getLocalPort());
    tomcat.getServer().await();
  }

  private static final class Hello extends HttpServlet {
    private static final long serialVersionUID = 1;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
      response.setContentType("text/plain");
      response.getWriter().println("hello");
    }
  }
}
