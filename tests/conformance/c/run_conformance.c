/* Runs the conformance cases against the C interface:
 *
 *     run-conformance CASES_DIR REDIS_URL
 *     run-conformance draw REDIS_URL NAMESPACE IDENTITY RATE PER_US BURST DRAWS COST
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance.h"

typedef struct Suite {
  const char *name; /* of the file, without .json */
  RunCase run;
} Suite;

static const Suite kSuites[] = {
    {"keys", RunKeyCase},         {"decisions", RunDecisionCase}, {"headers", RunHeaderCase},
    {"problems", RunProblemCase}, {"addresses", RunAddressCase},  {"errors", RunErrorCase},
};

typedef struct Tally {
  int cases;
  int failures;
} Tally;

/* The parsed file, to be deleted with cJSON_Delete; NULL when it cannot be read. */
static cJSON *Load(const char *folder, const char *name) {
  enum { SIZE_MAX_BYTES = 1 << 20 };
  char path[4096];
  char *text = malloc(SIZE_MAX_BYTES + 1);
  FILE *file;
  cJSON *parsed = NULL;
  snprintf(path, sizeof path, "%s/%s.json", folder, name);
  file = fopen(path, "rb");
  if (file != NULL && text != NULL) {
    text[fread(text, 1, SIZE_MAX_BYTES, file)] = '\0';
    parsed = cJSON_Parse(text);
  }
  if (file != NULL) fclose(file);
  free(text);
  return parsed;
}

static void Report(Tally *tally, int ok, const char *suite, const char *name, const char *why) {
  ++tally->cases;
  if (ok) {
    printf("ok %s/%s\n", suite, name);
  } else {
    ++tally->failures;
    printf("not ok %s/%s - %s\n", suite, name, why);
  }
}

static void RunSuite(const Suite *suite, const char *folder, const char *redis_url, Tally *tally) {
  cJSON *file = Load(folder, suite->name);
  const cJSON *cases = cJSON_GetObjectItemCaseSensitive(file, "cases");
  const cJSON *one;
  if (cJSON_GetArraySize(cases) == 0) Report(tally, 0, suite->name, "File", "no cases");
  cJSON_ArrayForEach(one, cases) {
    Run run = {0};
    int ok;
    run.redis_url = redis_url;
    ok = suite->run(&run, one);
    Report(tally, ok, suite->name, Text(one, "name", "?"), run.why);
    EndCase(&run);
  }
  cJSON_Delete(file);
}

int main(int argc, char **argv) {
  Tally tally = {0, 0};
  size_t i;
  if (argc > 1 && strcmp(argv[1], "draw") == 0) return Draw(argc - 2, argv + 2);
  if (argc != 3) {
    fputs("usage: run-conformance CASES_DIR REDIS_URL\n", stderr);
    return 1;
  }
  for (i = 0; i < sizeof kSuites / sizeof *kSuites; ++i) RunSuite(&kSuites[i], argv[1], argv[2], &tally);
  printf("1..%d\n", tally.cases);
  return tally.failures == 0 ? 0 : 1;
}
