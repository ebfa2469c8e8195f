/* Asynchronous calls: the completion queue, its descriptor, cancelling, and the callback form. */
#include <poll.h>

#include "fixture.h"

static drl_queue *open_queue(drl_client *client, int64_t capacity) {
  drl_error error;
  drl_queue *queue = NULL;
  drl_queue_options options = DRL_QUEUE_OPTIONS_INIT;
  options.capacity = capacity;
  assert_ok(drl_queue_open(client, &options, &queue, &error), &error);
  return queue;
}

static void submit(drl_queue *queue, drl_limiter *limiter, int64_t id) {
  drl_error error;
  assert_ok(drl_queue_submit(queue, limiter, "user", 4, 1, id, &error), &error);
}

static drl_completion wait_for_one(drl_queue *queue) {
  drl_error error;
  drl_completion completion;
  int32_t count = 0;
  assert_ok(drl_queue_wait(queue, PATIENT_US, &completion, 1, &count, &error), &error);
  assert_int_equal(count, 1);
  return completion;
}

static int is_readable(drl_queue *queue, int wait_ms) {
  struct pollfd item = {drl_queue_fd(queue), POLLIN, 0};
  return poll(&item, 1, wait_ms) == 1;
}

static void every_submitted_call_completes_once_under_its_id(void **state) {
  enum { COUNT = 100 };
  int seen[COUNT] = {0};
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_limiter(client, COUNT, 1000 * MINUTE_US);
  drl_queue *queue = open_queue(client, COUNT);
  for (int i = 0; i < COUNT; ++i) submit(queue, limiter, i);
  for (int i = 0; i < COUNT; ++i) {
    const drl_completion completion = wait_for_one(queue);
    assert_int_equal(completion.status, DRL_OK);
    assert_int_equal(completion.decision.outcome, DRL_OUTCOME_ALLOWED);
    assert_in_range(completion.id, 0, COUNT - 1);
    ++seen[completion.id];
  }
  for (int i = 0; i < COUNT; ++i) assert_int_equal(seen[i], 1);
  drl_queue_close(queue);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void descriptor_is_readable_while_there_are_completions(void **state) {
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_limiter(client, 10, SECOND_US);
  drl_queue *queue = open_queue(client, 10);
  assert_false(is_readable(queue, 0));
  submit(queue, limiter, 1);
  assert_true(is_readable(queue, 10000));
  wait_for_one(queue);
  assert_false(is_readable(queue, 0));
  drl_queue_close(queue);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void reset_completes_with_its_status(void **state) {
  drl_error error;
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_limiter(client, 10, 1000 * MINUTE_US);
  drl_queue *queue = open_queue(client, 10);
  allow(limiter, "user", 10);
  assert_ok(drl_queue_submit_reset(queue, limiter, "user", 4, 5, &error), &error);
  const drl_completion completion = wait_for_one(queue);
  assert_int_equal(completion.id, 5);
  assert_int_equal(completion.status, DRL_OK);
  assert_int_equal(peek(limiter, "user").remaining, 10);
  drl_queue_close(queue);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void id_in_use_is_refused(void **state) {
  drl_error error;
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_limiter(client, 10, SECOND_US);
  drl_queue *queue = open_queue(client, 10);
  redis_server_pause(*state);
  submit(queue, limiter, 7);
  assert_refused(drl_queue_submit(queue, limiter, "other", 5, 1, 7, &error), DRL_ERR_DUPLICATE_ID, &error, "id 7");
  redis_server_resume(*state);
  wait_for_one(queue);
  submit(queue, limiter, 7); /* free again */
  drl_queue_close(queue);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void queue_takes_no_more_than_its_capacity(void **state) {
  drl_error error;
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_limiter(client, 10, SECOND_US);
  drl_queue *queue = open_queue(client, 1);
  submit(queue, limiter, 1);
  assert_refused(drl_queue_submit(queue, limiter, "user", 4, 1, 2, &error), DRL_ERR_COMPLETIONS_FULL, &error, "capacity");
  wait_for_one(queue);
  submit(queue, limiter, 2);
  drl_queue_close(queue);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void capacity_is_checked(void **state) {
  static const int64_t capacities[] = {-1, 1048577, INT64_MAX};
  drl_client *client = open_client(state);
  for (int i = 0; i < 3; ++i) {
    drl_error error;
    drl_queue *queue = NULL;
    drl_queue_options options = DRL_QUEUE_OPTIONS_INIT;
    options.capacity = capacities[i];
    assert_refused(drl_queue_open(client, &options, &queue, &error), DRL_ERR_CAPACITY, &error, "capacity is");
    assert_null(queue);
  }
  drl_client_close(client);
}

static void cancelled_call_completes_as_cancelled(void **state) {
  drl_error error;
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_limiter(client, 10, SECOND_US);
  drl_queue *queue = open_queue(client, 10);
  allow(limiter, "user", 1);
  redis_server_pause(*state);
  submit(queue, limiter, 3);
  assert_ok(drl_queue_cancel(queue, 3, &error), &error);
  const drl_completion completion = wait_for_one(queue);
  assert_int_equal(completion.id, 3);
  assert_int_equal(completion.status, DRL_ERR_CANCELLED);
  redis_server_resume(*state);
  drl_queue_close(queue);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void unknown_id_cannot_be_cancelled(void **state) {
  drl_error error;
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_limiter(client, 10, SECOND_US);
  drl_queue *queue = open_queue(client, 10);
  assert_int_equal(drl_queue_cancel(queue, 3, &error), DRL_ERR_UNKNOWN_ID);
  submit(queue, limiter, 3);
  wait_for_one(queue);
  assert_int_equal(drl_queue_cancel(queue, 3, &error), DRL_ERR_UNKNOWN_ID);
  drl_queue_close(queue);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

static void closing_the_client_completes_what_waits(void **state) {
  drl_error error;
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_limiter(client, 10, SECOND_US);
  drl_queue *queue = open_queue(client, 10);
  redis_server_pause(*state);
  submit(queue, limiter, 1);
  drl_client_close(client);
  assert_int_equal(wait_for_one(queue).status, DRL_ERR_CLOSED);
  assert_int_equal(drl_queue_submit(queue, limiter, "user", 4, 1, 2, &error), DRL_ERR_CLOSED);
  drl_queue_close(queue);
  drl_limiter_close(limiter);
}

static void limiter_of_another_client_is_refused(void **state) {
  drl_error error;
  drl_client *client = open_client(state);
  drl_client *other = open_client(state);
  drl_limiter *limiter = open_limiter(other, 10, SECOND_US);
  drl_queue *queue = open_queue(client, 10);
  assert_int_equal(drl_queue_submit(queue, limiter, "user", 4, 1, 1, &error), DRL_ERR_HANDLE);
  drl_queue_close(queue);
  drl_limiter_close(limiter);
  drl_client_close(other);
  drl_client_close(client);
}

typedef struct {
  drl_limiter *limiter;
  drl_queue *done; /* completes when the callback has ended */
  drl_status status;
  drl_decision decision;
  drl_status blocking;
} callback_note;

static void take_note(drl_status status, const drl_decision *decision, const char *message, void *user) {
  callback_note *note = user;
  drl_decision unused;
  note->status = status;
  note->decision = *decision;
  assert_string_equal(message, "");
  note->blocking = drl_limiter_peek(note->limiter, "user", 4, &unused, NULL);
  drl_queue_submit(note->done, note->limiter, "done", 4, 0, 1, NULL);
}

static void callback_is_called_and_must_not_block(void **state) {
  drl_error error;
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_limiter(client, 10, MINUTE_US);
  callback_note note = {.limiter = limiter, .done = open_queue(client, 10)};
  assert_ok(drl_limiter_allow_callback(limiter, "user", 4, 3, &error, take_note, &note), &error);
  wait_for_one(note.done);
  assert_int_equal(note.status, DRL_OK);
  assert_int_equal(note.decision.remaining, 7);
  assert_int_equal(note.blocking, DRL_ERR_REENTRANT);
  drl_queue_close(note.done);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

/* While Redis stands still, a few calls are under way and the rest stands in line: every third call ends where it stands. */
static void cancelling_calls_that_stand_in_line_disturbs_no_other(void **state) {
  enum { COUNT = 1000 };
  int seen[COUNT] = {0};
  drl_error error;
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_limiter(client, COUNT, 1000 * MINUTE_US);
  drl_queue *queue = open_queue(client, COUNT);
  allow(limiter, "somebody else", 1);
  redis_server_pause(*state);
  for (int i = 0; i < COUNT; ++i) submit(queue, limiter, i);
  for (int i = 0; i < COUNT; i += 3) assert_ok(drl_queue_cancel(queue, i, &error), &error);
  for (int i = 0; i < COUNT; i += 3) {
    const drl_completion completion = wait_for_one(queue);
    assert_int_equal(completion.status, DRL_ERR_CANCELLED);
    ++seen[completion.id];
  }
  redis_server_resume(*state);
  for (int i = 0; i < COUNT - (COUNT + 2) / 3; ++i) {
    const drl_completion completion = wait_for_one(queue);
    assert_int_equal(completion.decision.outcome, DRL_OUTCOME_ALLOWED);
    ++seen[completion.id];
  }
  for (int i = 0; i < COUNT; ++i) assert_int_equal(seen[i], 1);
  drl_queue_close(queue);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

/* A drain may come between a completion and its signal; the signal that follows must not make an empty queue readable for long. */
static void descriptor_of_a_drained_queue_is_readable_once_at_most(void **state) {
  drl_client *client = open_client(state);
  drl_limiter *limiter = open_limiter(client, 1000000, SECOND_US);
  drl_queue *queue = open_queue(client, 10);
  for (int i = 0; i < 2000; ++i) {
    drl_completion completion;
    drl_error error;
    int32_t count = 0;
    submit(queue, limiter, 1);
    while (count == 0) assert_ok(drl_queue_drain(queue, &completion, 1, &count, &error), &error);
    if (is_readable(queue, 1)) {
      assert_ok(drl_queue_drain(queue, &completion, 1, &count, &error), &error);
      assert_false(is_readable(queue, 0));
    }
  }
  drl_queue_close(queue);
  drl_limiter_close(limiter);
  drl_client_close(client);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST_WITH_SERVER(cancelling_calls_that_stand_in_line_disturbs_no_other),
      TEST_WITH_SERVER(descriptor_of_a_drained_queue_is_readable_once_at_most),
      TEST_WITH_SERVER(every_submitted_call_completes_once_under_its_id),
      TEST_WITH_SERVER(descriptor_is_readable_while_there_are_completions),
      TEST_WITH_SERVER(reset_completes_with_its_status),
      TEST_WITH_SERVER(id_in_use_is_refused),
      TEST_WITH_SERVER(queue_takes_no_more_than_its_capacity),
      TEST_WITH_SERVER(capacity_is_checked),
      TEST_WITH_SERVER(cancelled_call_completes_as_cancelled),
      TEST_WITH_SERVER(unknown_id_cannot_be_cancelled),
      TEST_WITH_SERVER(closing_the_client_completes_what_waits),
      TEST_WITH_SERVER(limiter_of_another_client_is_refused),
      TEST_WITH_SERVER(callback_is_called_and_must_not_block),
  };
  return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
