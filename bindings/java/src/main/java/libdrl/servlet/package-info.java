/** Rate limiting for web applications on jakarta servlets (Tomcat 10, Jetty 12, Spring Boot 3 and later). */
package libdrl.servlet;
