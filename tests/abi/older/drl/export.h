/* Symbol visibility of the public interface. */
#ifndef DRL_EXPORT_H
#define DRL_EXPORT_H

#if defined(__GNUC__)
#define DRL_API __attribute__((visibility("default")))
#else
#define DRL_API
#endif

#endif /* DRL_EXPORT_H */
