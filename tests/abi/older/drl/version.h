/* Version of the headers, and of the library that is loaded. */
#ifndef DRL_VERSION_H
#define DRL_VERSION_H

#include "export.h"

#define DRL_VERSION_MAJOR 0
#define DRL_VERSION_MINOR 1
#define DRL_VERSION_PATCH 0
#define DRL_VERSION_STRING "0.1.0"

#ifdef __cplusplus
extern "C" {
#endif

/** Version of the library in use, "major.minor.patch".
 *
 *  Returns: a string that lives as long as the library is loaded.
 *  Thread:  any. Blocks: no.
 */
DRL_API const char *drl_version(void);

#ifdef __cplusplus
}
#endif

#endif /* DRL_VERSION_H */
