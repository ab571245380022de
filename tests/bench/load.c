/* SPDX-License-Identifier: ISC
 *
 * The load generator: one kind of work a call, a JSON object on stdout.
 *
 *   load [-h ADDR] [-p PORT] [-t] [-u USER%03d] [-w PASSWORD] [-c CONNECTIONS]
 *        [-n COUNT] [-s SIZE] [-m MAILBOX] WORK [ARGUMENT ...]
 *
 *   login        connect, LOGIN, SELECT, LOGOUT; -n in all, -c at a time
 *   append       -n messages of -s bytes, one APPEND each, -c connections, each
 *                of a user of its own; the literal is sent after the "+"
 *   fill         messages 0 … n-1 of gen.c (or plain ones of -s bytes) by
 *                MULTIAPPEND into a mailbox of user 0 (made if it is missing)
 *   cmd C ...    user 0: LOGIN, SELECT the mailbox, then each command, timed
 *   idle         -c connections over -n users, all in IDLE; says "ready", then
 *                waits for the end of stdin
 *   latency      -n times: APPEND by one session to EXISTS in another's IDLE
 *   gen          the bytes of -n messages to stdout
 *
 * One thread a connection, blocking: on loopback that costs the least.
 */
#include <err.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "client.h"
#include "gen.h"

#define FILL_BATCH 200

static struct {
	const char *host;
	int port;
	bool tls;
	const char *user; /* printf format with one number */
	const char *password;
	unsigned connections;
	unsigned count;
	size_t size;
	const char *mailbox;
} opt = { "127.0.0.1", 1143, false, "b%03u", "secret", 1, 100, 0, "INBOX" };

static atomic_uint next_job;
static double *took; /* seconds of each job */

static struct client *
load_open(unsigned user)
{
	struct client *c = client_open(opt.host, opt.port, opt.tls);
	char name[128];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(name, sizeof(name), opt.user, user);
#pragma GCC diagnostic pop
	client_cmd(c, NULL, "LOGIN %s %s", name, opt.password);
	return c;
}

static int
load_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double
load_percentile(double *v, unsigned n, double p)
{
	if (n == 0)
		return 0;
	return v[(unsigned)fmin(n - 1.0, floor(p * n))];
}

static double
load_cpu(void)
{
	struct rusage ru;

	getrusage(RUSAGE_SELF, &ru);
	return (double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) +
	    (double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1e6;
}

/* Runs fn in -c threads, each with its number; then prints rate and times. */
static void
load_threads(void *(*fn)(void *))
{
	pthread_t *t = calloc(opt.connections, sizeof(*t));
	double start = client_now(), wall;
	unsigned i;

	took = calloc(opt.count, sizeof(*took));
	if (t == NULL || took == NULL)
		err(1, "calloc");
	for (i = 0; i < opt.connections; i++)
		if (pthread_create(&t[i], NULL, fn, (void *)(uintptr_t)i) != 0)
			errx(1, "pthread_create");
	for (i = 0; i < opt.connections; i++)
		pthread_join(t[i], NULL);
	wall = client_now() - start;
	qsort(took, opt.count, sizeof(*took), load_compare);
	printf("{\"count\": %u, \"seconds\": %.6f, \"rate\": %.3f, "
	    "\"p50_ms\": %.4f, \"p99_ms\": %.4f, \"client_cpu\": %.3f}\n",
	    opt.count, wall, opt.count / wall,
	    load_percentile(took, opt.count, 0.50) * 1e3,
	    load_percentile(took, opt.count, 0.99) * 1e3, load_cpu());
	free(t);
	free(took);
}

static void *
load_login(void *arg)
{
	unsigned user = (unsigned)(uintptr_t)arg, job;

	while ((job = atomic_fetch_add(&next_job, 1)) < opt.count) {
		double start = client_now();
		struct client *c = load_open(user);

		client_cmd(c, NULL, "SELECT %s", opt.mailbox);
		client_cmd(c, NULL, "LOGOUT");
		client_close(&c);
		took[job] = client_now() - start;
	}
	return NULL;
}

static void *
load_append(void *arg)
{
	unsigned user = (unsigned)(uintptr_t)arg, job;
	struct client *c = load_open(user);
	struct gen_buf b = { NULL, 0, 0 };

	while ((job = atomic_fetch_add(&next_job, 1)) < opt.count) {
		double start;

		gen_plain(job, opt.size, &b);
		start = client_now();
		client_cmd_send(c, "APPEND %s {%zu}", opt.mailbox, b.len);
		client_until(c, "+");
		client_send(c, b.data, b.len);
		client_send(c, "\r\n", 2);
		client_cmd_wait(c, NULL);
		took[job] = client_now() - start;
	}
	client_cmd(c, NULL, "LOGOUT");
	client_close(&c);
	free(b.data);
	return NULL;
}

static void
load_fill(void)
{
	struct client *c = load_open(0);
	struct gen_buf b = { NULL, 0, 0 };
	char line[512], date[40];
	size_t bytes = 0;
	unsigned i, j;
	double start;

	if (strcmp(opt.mailbox, "INBOX") != 0)
		client_cmd(c, NULL, "CREATE %s", opt.mailbox);
	start = client_now();
	for (i = 0; i < opt.count; i += FILL_BATCH) {
		for (j = i; j < i + FILL_BATCH && j < opt.count; j++) {
			if (opt.size != 0)
				gen_plain(j, opt.size, &b);
			else
				gen_message(j, &b);
			gen_date(j, date, sizeof(date));
			bytes += b.len;
			snprintf(line, sizeof(line), " %s\"%s\" {%zu+}\r\n",
			    gen_flags(j), date, b.len);
			if (j == i) {
				char head[256];
				int n = snprintf(head, sizeof(head),
				    "f APPEND %s", opt.mailbox);

				client_send(c, head, (size_t)n);
			}
			client_send(c, line, strlen(line));
			client_send(c, b.data, b.len);
		}
		client_send(c, "\r\n", 2);
		do {
			client_line(c, line, sizeof(line));
		} while (strncmp(line, "f ", 2) != 0);
		if (strncmp(line, "f OK", 4) != 0)
			errx(1, "fill: %s", line);
	}
	printf("{\"count\": %u, \"bytes\": %zu, \"seconds\": %.6f, "
	    "\"rate\": %.3f, \"client_cpu\": %.3f}\n",
	    opt.count, bytes, client_now() - start,
	    opt.count / (client_now() - start), load_cpu());
	client_cmd(c, NULL, "LOGOUT");
	client_close(&c);
	free(b.data);
}

static void
load_cmd(int argc, char **argv)
{
	double start = client_now(), login, select;
	struct client_result r;
	struct client *c = load_open(0);
	int i;

	login = client_now() - start;
	start = client_now();
	client_cmd(c, &r, "SELECT %s", opt.mailbox);
	select = client_now() - start;
	printf("{\"login_seconds\": %.6f, \"select_seconds\": %.6f, "
	    "\"commands\": [",
	    login, select);
	for (i = 0; i < argc; i++) {
		start = client_now();
		client_cmd(c, &r, "%s", argv[i]);
		printf("%s{\"seconds\": %.6f, \"bytes\": %zu, "
		    "\"untagged\": %zu, \"numbers\": %zu}",
		    i ? ", " : "", client_now() - start, r.bytes, r.untagged,
		    r.numbers);
	}
	printf("], \"client_cpu\": %.3f}\n", load_cpu());
	client_cmd(c, NULL, "LOGOUT");
	client_close(&c);
}

static void
load_idle(void)
{
	struct client **c = calloc(opt.connections, sizeof(struct client *));
	double start = client_now();
	unsigned i;

	if (c == NULL)
		err(1, "calloc");
	for (i = 0; i < opt.connections; i++) {
		c[i] = load_open(i % opt.count);
		client_cmd(c[i], NULL, "SELECT %s", opt.mailbox);
		client_cmd_send(c[i], "IDLE");
		client_until(c[i], "+");
	}
	printf("{\"ready\": %u, \"seconds\": %.6f}\n", opt.connections,
	    client_now() - start);
	fflush(stdout);
	while (getchar() != EOF)
		;
	for (i = 0; i < opt.connections; i++)
		client_close(&c[i]);
	free(c);
}

static void
load_latency(void)
{
	struct client *idle = load_open(0), *writer = load_open(0);
	double *sent = calloc(opt.count, sizeof(*sent));
	double *acked = calloc(opt.count, sizeof(*acked));
	struct gen_buf b = { NULL, 0, 0 };
	unsigned i;

	if (sent == NULL || acked == NULL)
		err(1, "calloc");
	client_cmd(idle, NULL, "SELECT %s", opt.mailbox);
	client_cmd_send(idle, "IDLE");
	client_until(idle, "+");
	for (i = 0; i < opt.count; i++) {
		double start, ok;
		char line[256];

		gen_plain(i, 2000, &b);
		start = client_now();
		client_cmd_send(writer, "APPEND %s {%zu}", opt.mailbox, b.len);
		client_until(writer, "+");
		client_send(writer, b.data, b.len);
		client_send(writer, "\r\n", 2);
		client_cmd_wait(writer, NULL);
		ok = client_now();
		do {
			client_line(idle, line, sizeof(line));
		} while (strstr(line, "EXISTS") == NULL);
		acked[i] = client_now() - ok;
		sent[i] = client_now() - start;
		usleep(20000);
	}
	qsort(sent, opt.count, sizeof(*sent), load_compare);
	qsort(acked, opt.count, sizeof(*acked), load_compare);
	printf("{\"count\": %u, \"sent_p50_ms\": %.4f, \"sent_p99_ms\": %.4f, "
	    "\"p50_ms\": %.4f, \"p99_ms\": %.4f}\n", opt.count,
	    load_percentile(sent, opt.count, 0.5) * 1e3,
	    load_percentile(sent, opt.count, 0.99) * 1e3,
	    load_percentile(acked, opt.count, 0.5) * 1e3,
	    load_percentile(acked, opt.count, 0.99) * 1e3);
	client_close(&idle);
	client_close(&writer);
	free(sent);
	free(acked);
	free(b.data);
}

static void
load_gen(void)
{
	struct gen_buf b = { NULL, 0, 0 };
	unsigned i;

	for (i = 0; i < opt.count; i++) {
		gen_message(i, &b);
		fwrite(b.data, 1, b.len, stdout);
	}
	free(b.data);
}

int
main(int argc, char **argv)
{
	int ch;

	while ((ch = getopt(argc, argv, "h:p:tu:w:c:n:s:m:")) != -1) {
		switch (ch) {
		case 'h': opt.host = optarg; break;
		case 'p': opt.port = atoi(optarg); break;
		case 't': opt.tls = true; break;
		case 'u': opt.user = optarg; break;
		case 'w': opt.password = optarg; break;
		case 'c': opt.connections = (unsigned)atoi(optarg); break;
		case 'n': opt.count = (unsigned)atoi(optarg); break;
		case 's': opt.size = (size_t)atol(optarg); break;
		case 'm': opt.mailbox = optarg; break;
		default: return 64;
		}
	}
	if (optind >= argc)
		errx(64, "what work? (see the head of load.c)");
	if (strcmp(argv[optind], "login") == 0)
		load_threads(load_login);
	else if (strcmp(argv[optind], "append") == 0)
		load_threads(load_append);
	else if (strcmp(argv[optind], "fill") == 0)
		load_fill();
	else if (strcmp(argv[optind], "cmd") == 0)
		load_cmd(argc - optind - 1, argv + optind + 1);
	else if (strcmp(argv[optind], "idle") == 0)
		load_idle();
	else if (strcmp(argv[optind], "latency") == 0)
		load_latency();
	else if (strcmp(argv[optind], "gen") == 0)
		load_gen();
	else
		errx(64, "unknown work: %s", argv[optind]);
	return 0;
}
