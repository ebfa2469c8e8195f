/* What every language wraps: the flat shim, and those functions of drl.h that are flat as they are.
 *
 * To be included by a language's own file, behind its typemaps and names. No constant crosses: a language writes the few that it
 * needs itself, and a test of its own compares them.
 */
%rename("$ignore", %$isenumitem) "";
%rename("$ignore", %$isenum) "";

%include "drl_flat.h"

void drl_client_close(drl_client *client);
void drl_limiter_close(drl_limiter *limiter);
void drl_queue_close(drl_queue *queue);
drl_status drl_queue_cancel(drl_queue *queue, int64_t id, drl_error *error);
void drl_resolver_close(drl_resolver *resolver);
const char *drl_resolver_header(const drl_resolver *resolver);
drl_status drl_client_metrics(drl_client *client, char *text, size_t text_size, size_t *text_len, drl_error *error);
const char *drl_status_name(drl_status status);
const char *drl_status_message(drl_status status);
const char *drl_version(void);
