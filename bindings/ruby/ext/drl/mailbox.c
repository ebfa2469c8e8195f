#include "mailbox.h"

#include <ruby/thread.h>

static void FreeMailbox(void *data) { drl_flat_mailbox_close(data); }

static const rb_data_type_t kMailbox = {"Drl mailbox", {NULL, FreeMailbox, NULL, NULL, {0}}, NULL, NULL, 0};

VALUE drl_ruby_wrap_mailbox(drl_flat_mailbox *mailbox) { return rb_data_typed_object_wrap(rb_cObject, mailbox, &kMailbox); }
drl_flat_mailbox *drl_ruby_mailbox_of(VALUE object) { return rb_check_typeddata(object, &kMailbox); }

typedef struct {
  drl_flat_mailbox *mailbox;
  drl_status status;
} Question;

static void *AwaitQuestion(void *data) {
  Question *question = data;
  question->status = drl_flat_mailbox_wait(question->mailbox, NULL);
  return NULL;
}

static void Interrupt(void *data) { drl_flat_mailbox_interrupt(((Question *)data)->mailbox); }

VALUE drl_ruby_mailbox_wait(drl_flat_mailbox *mailbox) {
  Question question = {mailbox, DRL_ERR_CANCELLED};
  while (question.status == DRL_ERR_CANCELLED) {
    rb_thread_call_without_gvl(AwaitQuestion, &question, Interrupt, &question);
    rb_thread_check_ints(); /* may raise */
  }
  return question.status == DRL_OK ? Qtrue : Qfalse;
}

void drl_ruby_mailbox_answer(drl_flat_mailbox *mailbox, const char *username, size_t username_len, const char *password,
                             size_t password_len, int64_t expires_in_us, const char *why, size_t why_len) {
  drl_flat_mailbox_answer(mailbox, username, username_len, password, password_len, expires_in_us, why, why_len);
}

void drl_ruby_mailbox_stop(drl_flat_mailbox *mailbox) { drl_flat_mailbox_stop(mailbox); }
