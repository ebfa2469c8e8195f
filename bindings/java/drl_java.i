/* The flat shim for Java: class Flat, with one static method for each function.
 *
 *   handle            long; where the shim hands one out, a long[1]
 *   text in, bytes in byte[], null for NULL: text as UTF-8 without an end mark
 *   text out          the result, as byte[]
 *   decision          long[54], completions long[1 + 56 n] with their number in front; what a decision gives ends with its last limit
 *   drl_status        nothing: a status that is not DRL_OK becomes an exception (Errors.raise)
 *
 * Arrays are copied, never pinned: a call may wait for Redis, and must not hold up the collector.
 */
%module Flat
%pragma(java) moduleclassmodifiers = "final class"
%pragma(java) jniclassclassmodifiers = "final class"
%pragma(java) jniclasscode = %{
  static {
    NativeLibrary.load();
  }
%}

%{
#include "drl_flat.h"
#include "drl_java.h"
%}

/* By name: stdint.i would call int64_t what it is not on every system. */
%apply long long { int64_t };
%apply int { int32_t };

/* ---- Handles ---- */

%define DRL_HANDLE(Type)
%typemap(jni) Type * "jlong"
%typemap(jtype) Type * "long"
%typemap(jstype) Type * "long"
%typemap(javain) Type * "$javainput"
%typemap(in) Type * %{ $1 = (Type *)(intptr_t)$input; %}
%apply Type * { const Type * };
%typemap(jni) Type ** "jlongArray"
%typemap(jtype) Type ** "long[]"
%typemap(jstype) Type ** "long[]"
%typemap(javain) Type ** "$javainput"
%typemap(in) Type ** (Type *opened = NULL) %{ $1 = &opened; %}
%typemap(argout) Type ** %{
  {
    const jlong handle = (jlong)(intptr_t)*$1;
    (*jenv)->SetLongArrayRegion(jenv, $input, 0, 1, &handle);
  }
%}
%typemap(freearg) Type ** ""
%enddef
DRL_HANDLE(drl_client)
DRL_HANDLE(drl_limiter)
DRL_HANDLE(drl_queue)
DRL_HANDLE(drl_resolver)
DRL_HANDLE(drl_flat_mailbox)

/* ---- Status and error. The error is the last argument: nothing may call into Java once its exception is pending. ---- */

%apply int { drl_status status };
%typemap(jni) drl_status "void"
%typemap(jtype) drl_status "void"
%typemap(jstype) drl_status "void"
%typemap(javaout) drl_status "{ $jnicall; }"
%typemap(out) drl_status ""
%typemap(in, numinputs=0) drl_error *error (drl_error failure) %{ $1 = &failure; %}
%typemap(argout) drl_error *error %{ if (result != DRL_OK) RaiseError(jenv, result, $1->message); %}

/* ---- Bytes and text in ---- */

%define DRL_BYTES(Arguments)
%typemap(jni) Arguments "jbyteArray"
%typemap(jtype) Arguments "byte[]"
%typemap(jstype) Arguments "byte[]"
%typemap(javain) Arguments "$javainput"
%typemap(in) Arguments (Bytes bytes) %{
  if (!TakeBytes(jenv, $input, &bytes)) return $null;
  $1 = $input == NULL ? NULL : bytes.data;
  $2 = bytes.length;
%}
%typemap(freearg) Arguments %{ DropBytes(&bytes$argnum); %}
%enddef
DRL_BYTES((const char *identity, size_t identity_len))
DRL_BYTES((const char *identities, size_t identities_len))
DRL_BYTES((const char *options, size_t options_len))
DRL_BYTES((const char *username, size_t username_len))
DRL_BYTES((const char *password, size_t password_len))
DRL_BYTES((const char *why, size_t why_len))
DRL_BYTES((const char *peer, size_t peer_len))
DRL_BYTES((const char *lines, size_t lines_len))

%typemap(jni) const char * "jbyteArray"
%typemap(jtype) const char * "byte[]"
%typemap(jstype) const char * "byte[]"
%typemap(javain) const char * "$javainput"
%typemap(in) const char * (Bytes bytes) %{
  if (!TakeBytes(jenv, $input, &bytes)) return $null;
  $1 = $input == NULL ? NULL : bytes.data;
%}
%typemap(freearg) const char * %{ DropBytes(&bytes$argnum); %}
/* As a result: text that lives as long as the library. */
%typemap(javaout) const char * "{ return $jnicall; }"
%typemap(out) const char * %{ $result = GiveBytes(jenv, $1, strlen($1)); %}

/* ---- Numbers in and out ---- */

%typemap(jni) int64_t [ANY], int64_t *, size_t * "jlongArray"
%typemap(jtype) int64_t [ANY], int64_t *, size_t * "long[]"
%typemap(jstype) int64_t [ANY], int64_t *, size_t * "long[]"
%typemap(javain) int64_t [ANY], int64_t *, size_t * "$javainput"
%typemap(freearg) int64_t [ANY], int64_t *, size_t *, const int64_t [ANY] ""
%typemap(in) int64_t [ANY] (int64_t numbers[$1_dim0] = {0}) %{ $1 = numbers; %}
%typemap(argout) int64_t [ANY] %{
  if (result == DRL_OK) (*jenv)->SetLongArrayRegion(jenv, $input, 0, $1_dim0, (const jlong *)$1);
%}
%typemap(argout) int64_t decision[ANY] %{ if (result == DRL_OK) GiveDecision(jenv, $input, $1); %}
%typemap(in) const int64_t [ANY] (int64_t numbers[$1_dim0]) %{
  (*jenv)->GetLongArrayRegion(jenv, $input, 0, $1_dim0, (jlong *)numbers);
  if ((*jenv)->ExceptionCheck(jenv)) return $null;
  $1 = numbers;
%}
%typemap(argout) const int64_t [ANY], const int64_t decision[ANY] ""

%typemap(in) int64_t *decisions %{
  $1 = malloc((size_t)(*jenv)->GetArrayLength(jenv, $input) * sizeof *$1);
  if ($1 == NULL) {
    RaiseError(jenv, DRL_ERR_MEMORY, drl_status_message(DRL_ERR_MEMORY));
    return $null;
  }
%}
%typemap(argout) int64_t *decisions %{
  if (result == DRL_OK) (*jenv)->SetLongArrayRegion(jenv, $input, 0, (*jenv)->GetArrayLength(jenv, $input), (const jlong *)$1);
%}
%typemap(freearg) int64_t *decisions %{ free($1); %}

%define DRL_NUMBERS(Arguments)
%typemap(jni) Arguments "jlongArray"
%typemap(jtype) Arguments "long[]"
%typemap(jstype) Arguments "long[]"
%typemap(javain) Arguments "$javainput"
%typemap(in) Arguments %{
  $1 = (int64_t *)(*jenv)->GetLongArrayElements(jenv, $input, NULL);
  if ($1 == NULL) return $null;
  $2 = (size_t)(*jenv)->GetArrayLength(jenv, $input);
%}
%typemap(argout) Arguments %{ (*jenv)->ReleaseLongArrayElements(jenv, $input, (jlong *)$1, JNI_ABORT); %}
%enddef
DRL_NUMBERS((const int64_t *limits, size_t limits_len))
DRL_NUMBERS((const int64_t *costs, size_t costs_len))

%typemap(jni) (int64_t *completions, int32_t capacity, int32_t *count) "jlongArray"
%typemap(jtype) (int64_t *completions, int32_t capacity, int32_t *count) "long[]"
%typemap(jstype) (int64_t *completions, int32_t capacity, int32_t *count) "long[]"
%typemap(javain) (int64_t *completions, int32_t capacity, int32_t *count) "$javainput"
%typemap(in) (int64_t *completions, int32_t capacity, int32_t *count) (Completions ended) %{
  $1 = ended.numbers;
  $2 = CompletionsCapacity((*jenv)->GetArrayLength(jenv, $input));
  $3 = &ended.count;
%}
%typemap(argout) (int64_t *completions, int32_t capacity, int32_t *count) %{ GiveCompletions(jenv, $input, &ended$argnum); %}
%typemap(freearg) (int64_t *completions, int32_t capacity, int32_t *count) ""

%typemap(jni) int32_t *http_status "jintArray"
%typemap(jtype) int32_t *http_status "int[]"
%typemap(jstype) int32_t *http_status "int[]"
%typemap(javain) int32_t *http_status "$javainput"
%typemap(in) int32_t *http_status (int32_t number = 0) %{ $1 = &number; %}
%typemap(argout) int32_t *http_status %{ (*jenv)->SetIntArrayRegion(jenv, $input, 0, 1, (const jint *)$1); %}
%typemap(freearg) int32_t *http_status ""

/* ---- Text out: the method's result ---- */

%define DRL_TEXT_OUT(Function, Text, Length)
%typemap(jni) drl_status Function "jbyteArray"
%typemap(jtype) drl_status Function "byte[]"
%typemap(jstype) drl_status Function "byte[]"
%typemap(javaout) drl_status Function "{ return $jnicall; }"
%typemap(out) drl_status Function ""
%typemap(in, numinputs=0) char Text[ANY] (char text[$1_dim0]) %{ $1 = text; %}
%typemap(argout) char Text[ANY] %{ if (result == DRL_OK) $result = GiveBytes(jenv, $1, strlen($1)); %}
%typemap(freearg) char Text[ANY] ""
%typemap(in, numinputs=0) size_t *Length (size_t length = 0) %{ $1 = &length; %}
%enddef
DRL_TEXT_OUT(drl_flat_key, key, key_len)
DRL_TEXT_OUT(drl_flat_headers, text, text_len)
DRL_TEXT_OUT(drl_flat_problem, body, body_len)
DRL_TEXT_OUT(drl_flat_resolve, address, address_len)

/* The caller's buffer: how much it would have to hold is in the error. */
%typemap(jni) drl_status drl_client_metrics "jbyteArray"
%typemap(jtype) drl_status drl_client_metrics "byte[]"
%typemap(jstype) drl_status drl_client_metrics "byte[]"
%typemap(javaout) drl_status drl_client_metrics "{ return $jnicall; }"
%typemap(out) drl_status drl_client_metrics ""
%typemap(jni) (char *text, size_t text_size, size_t *text_len) "jint"
%typemap(jtype) (char *text, size_t text_size, size_t *text_len) "int"
%typemap(jstype) (char *text, size_t text_size, size_t *text_len) "int"
%typemap(javain) (char *text, size_t text_size, size_t *text_len) "$javainput"
%typemap(in) (char *text, size_t text_size, size_t *text_len) (size_t length = 0) %{
  $1 = malloc((size_t)$input);
  $2 = $1 == NULL ? 0 : (size_t)$input;
  $3 = &length;
%}
%typemap(argout) (char *text, size_t text_size, size_t *text_len) %{
  if (result == DRL_OK) $result = GiveBytes(jenv, $1, *$3);
  free($1);
%}
%typemap(freearg) (char *text, size_t text_size, size_t *text_len) ""

/* ---- Names ---- */

%rename(clientOpen) drl_flat_client_open;
%rename(clientClose) drl_client_close;
%rename(mailboxOpen) drl_flat_mailbox_open;
%rename(mailboxWait) drl_flat_mailbox_wait;
%rename(mailboxAnswer) drl_flat_mailbox_answer;
%rename(mailboxStop) drl_flat_mailbox_stop;
%rename(mailboxClose) drl_flat_mailbox_close;
%ignore drl_flat_mailbox_interrupt;
%rename(limiterOpen) drl_flat_limiter_open;
%rename(limiterClose) drl_limiter_close;
%rename(allow) drl_flat_allow;
%rename(allowMany) drl_flat_allow_many;
%rename(reset) drl_flat_reset;
%rename(queueOpen) drl_flat_queue_open;
%rename(queueClose) drl_queue_close;
%rename(queueSubmit) drl_flat_queue_submit;
%rename(queueWait) drl_flat_queue_wait;
%rename(queueCancel) drl_queue_cancel;
%rename(key) drl_flat_key;
%rename(headers) drl_flat_headers;
%rename(problem) drl_flat_problem;
%rename(resolverOpen) drl_flat_resolver_open;
%rename(resolverClose) drl_resolver_close;
%rename(resolverHeader) drl_resolver_header;
%rename(resolve) drl_flat_resolve;
%rename(clientStats) drl_flat_stats;
%rename(clientMetrics) drl_client_metrics;
%rename(statusName) drl_status_name;
%rename(statusMessage) drl_status_message;
%rename(version) drl_version;

%include "drl_flat.i"
