/* Where the library asks for credentials, and a Ruby thread answers (lib/drl/credentials.rb). */
#ifndef DRL_RUBY_MAILBOX_H
#define DRL_RUBY_MAILBOX_H

#include "handle.h"

VALUE drl_ruby_wrap_mailbox(drl_flat_mailbox *mailbox);
drl_flat_mailbox *drl_ruby_mailbox_of(VALUE object);

/* Waits, without the GVL and open to Thread#kill, for a question: true. false: there will be none. */
VALUE drl_ruby_mailbox_wait(drl_flat_mailbox *mailbox);

/* Those of drl_flat.h. */
void drl_ruby_mailbox_answer(drl_flat_mailbox *mailbox, const char *username, size_t username_len, const char *password,
                             size_t password_len, int64_t expires_in_us, const char *why, size_t why_len);
void drl_ruby_mailbox_stop(drl_flat_mailbox *mailbox);

#endif /* DRL_RUBY_MAILBOX_H */
