/* SPDX-License-Identifier: ISC
 *
 * The settings: one table row each, and what makes a struct conf of a file.
 *
 * Order of work: read the text (conf_file.c), give every row its value or its
 * default, build listeners and mailboxes from the sections (or the built-in
 * ones), then the checks that look at more than one setting. Nothing stops at
 * the first mistake; all of them are printed together, sorted by line.
 *
 * Called once by each program before its jail is shut, and by posternctl.
 */
#include "common/conf_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/limits.h"
#include "common/xalloc.h"

#define STRING_(x) #x
#define STRING(x) STRING_(x)

/* Without PAM in the build, system logins cannot be the default. */
#ifdef HAVE_PAM
#define DEFAULT_PASSDB "pam"
#else
#define DEFAULT_PASSDB "passwd-file"
#endif

#define TEXT(name, type, member, def, help) \
	{ name, type, offsetof(struct conf, member), def, 0, 0, NULL, help }
#define NUMBER(name, type, member, def, min, max, help) \
	{ name, type, offsetof(struct conf, member), def, min, max, NULL, help }
#define CHOICE(name, type, member, def, choices, help) \
	{ name, type, offsetof(struct conf, member), def, 0, 0, choices, help }

/* clang-format off */
const struct conf_row conf_rows[] = {
	/* processes */
	TEXT("state-dir", CONF_T_PATH, state_dir, LOCALSTATEDIR "/lib/postern",
	    "folder of the server's own state: uid table, empty folder for "
	    "chroot"),
	TEXT("control-socket", CONF_T_PATH, control_socket,
	    RUNSTATEDIR "/postern/control",
	    "socket posternctl talks to"),
	TEXT("control-group", CONF_T_STR, control_group, "postern",
	    "group that may use the control socket besides root"),
	TEXT("login-user", CONF_T_STR, login_user, "_postern-login",
	    "system user of imap-login"),
	TEXT("auth-user", CONF_T_STR, auth_user, "_postern-auth",
	    "system user of auth and its hash helpers"),
	TEXT("lmtp-user", CONF_T_STR, lmtp_user, "_postern-lmtp",
	    "system user of lmtp"),
	NUMBER("login-processes", CONF_T_NUMBER, login_processes, "0", 0, 256,
	    "imap-login processes; 0: one for each processor"),
	CHOICE("login-mode", CONF_T_FLAG, login_isolated, "shared",
	    "shared|isolated",
	    "isolated: every connection has an imap-login process of its own"),
	NUMBER("auth-helpers", CONF_T_NUMBER, auth_helpers, "4", 1, 64,
	    "processes that check passwords, each one at a time"),
	NUMBER("spare-workers", CONF_T_NUMBER, spare_workers, "2", 0, 256,
	    "imap-worker processes kept ready for users who log in next"),
	NUMBER("nursery-forks", CONF_T_NUMBER, nursery_forks, "1000", 1,
	    1000000,
	    "workers forked from one nursery, then another one is started"),
	NUMBER("nursery-seconds", CONF_T_SECONDS, nursery_seconds, "1h", 1,
	    86400,
	    "the same after so much time, with the next worker that is wanted"),
	NUMBER("linger-seconds", CONF_T_SECONDS, linger_seconds, "60", 0, 86400,
	    "how long a worker without sessions keeps its store open"),
	/* TLS */
	TEXT("tls-cert", CONF_T_PATH, tls_cert, "",
	    "PEM file with the certificate and its chain; empty: no TLS"),
	TEXT("tls-key", CONF_T_PATH, tls_key, "",
	    "PEM file with the private key"),
	CHOICE("tls-min", CONF_T_WORD, tls_min, "TLSv1.2", "TLSv1.2|TLSv1.3",
	    "lowest version of TLS"),
	TEXT("tls-ciphers", CONF_T_STR, tls_ciphers, "",
	    "OpenSSL cipher list for TLS 1.2; empty: OpenSSL's own"),
	NUMBER("plaintext-login", CONF_T_BOOL, plaintext_login, "no", 0, 0,
	    "allow passwords without TLS from other hosts"),
	/* users */
	CHOICE("passdb", CONF_T_WORD, passdb, DEFAULT_PASSDB, "passwd-file|pam",
	    "where passwords are checked"),
	TEXT("passwd-file", CONF_T_PATH, passwd_file,
	    SYSCONFDIR "/postern/passwd",
	    "users of passdb = passwd-file, one a line"),
	TEXT("pam-service", CONF_T_STR, pam_service, "postern",
	    "PAM service of passdb = pam"),
	CHOICE("uid-policy", CONF_T_ENUM, uid_policy, "system",
	    "system|single|range",
	    "whose uid a worker takes: the system user's, virtual-user's, "
	    "one of a range"),
	TEXT("virtual-user", CONF_T_STR, virtual_user, "vmail",
	    "system user that owns all mail under uid-policy = single"),
	NUMBER("first-uid", CONF_T_NUMBER, first_uid, "70000", 0,
	    UINT32_MAX - 1,
	    "first uid of uid-policy = range"),
	NUMBER("last-uid", CONF_T_NUMBER, last_uid, "99999", 0, UINT32_MAX - 1,
	    "last uid of uid-policy = range"),
	TEXT("home", CONF_T_HOME, home, LOCALSTATEDIR "/lib/postern/mail/%u",
	    "folder of a user's mail: %u user, %n local part, %d domain, %h "
	    "home"),
	TEXT("default-domain", CONF_T_STR, default_domain, "",
	    "added to a login name without @; empty: nothing is"),
	TEXT("recipient-delimiter", CONF_T_CHAR, recipient_delimiter, "+",
	    "parts user and detail in an address; empty: no detail"),
	NUMBER("failure-delay-ms", CONF_T_MSEC, failure_delay_ms, "2000", 0,
	    60000,
	    "least time a refused login takes"),
	NUMBER("auth-cache-seconds", CONF_T_SECONDS, auth_cache_seconds, "300",
	    0, 86400,
	    "how long a good password is remembered; 0: not at all"),
	/* limits */
	NUMBER("message-size", CONF_T_SIZE, message_size, "64M", 64 * KIB,
	    1024 * (uint64_t)MIB,
	    "largest message"),
	NUMBER("quota-bytes", CONF_T_SIZE, quota_bytes, "0", 0, UINT64_MAX / 2,
	    "bytes of mail a user may keep; 0: no limit"),
	NUMBER("quota-messages", CONF_T_SIZE, quota_messages, "0", 0,
	    UINT64_MAX / 2,
	    "messages a user may keep; 0: no limit"),
	NUMBER("sessions-per-user", CONF_T_NUMBER, sessions_per_user,
	    STRING(LIMIT_SESSIONS_PER_USER), 1, 10000,
	    "sessions of one user at a time"),
	NUMBER("unauth-per-block", CONF_T_NUMBER, unauth_per_block,
	    STRING(LIMIT_UNAUTH_PER_BLOCK), 1, 100000,
	    "connections before login from one network (IPv4 /24, IPv6 /64)"),
	NUMBER("connections-per-login", CONF_T_NUMBER, connections_per_login,
	    "1000", 1, 20000,
	    "connections one shared imap-login process takes"),
	NUMBER("login-seconds", CONF_T_SECONDS, login_seconds,
	    STRING(LIMIT_LOGIN_SECONDS), 1, 3600,
	    "time to log in"),
	NUMBER("idle-seconds", CONF_T_SECONDS, idle_seconds, "30m", 1,
	    7 * 86400,
	    "a session that sends nothing for so long is closed"),
	CHOICE("durability", CONF_T_FLAG, durability_relaxed, "strict",
	    "strict|relaxed",
	    "relaxed: flag changes may be lost up to a second after OK"),
	NUMBER("compress", CONF_T_NUMBER, compress, "3", 0, 19,
	    "zstd level new mail is stored with, where it gains; 0: as it came"),
	/* logging */
	TEXT("log", CONF_T_LOG, log, "stderr",
	    "\"stderr\" or a file"),
	CHOICE("log-level", CONF_T_WORD, log_level, "info",
	    "error|warning|info|debug",
	    "how much is logged"),
	{ NULL, 0, 0, NULL, 0, 0, NULL, NULL },
};

const struct conf_row conf_listener_rows[] = {
	{ "protocol", CONF_T_WORD, offsetof(struct conf_listener, protocol),
	    NULL, 0, 0, "imap|imaps|lmtp",
	    "imap has STARTTLS, imaps is TLS from the start" },
	{ "address", CONF_T_ADDRESS, offsetof(struct conf_listener, address),
	    NULL, 0, 0, NULL,
	    "IP address, * for all, or the path of a unix socket" },
	{ "port", CONF_T_NUMBER, offsetof(struct conf_listener, port), "0",
	    0, 65535, NULL, "0: 143, 993 or 24, as the protocol has it" },
	{ "mode", CONF_T_OCTAL, offsetof(struct conf_listener, mode), "0666",
	    0, 0777, NULL, "permissions of a unix socket" },
	{ NULL, 0, 0, NULL, 0, 0, NULL, NULL },
};

const struct conf_row conf_mailbox_rows[] = {
	{ "special-use", CONF_T_STR, offsetof(struct conf_mailbox, special_use),
	    "", 0, 0, NULL,
	    "\\Drafts, \\Sent, \\Junk, \\Trash, \\Archive, \\All, \\Flagged" },
	{ "subscribe", CONF_T_BOOL, offsetof(struct conf_mailbox, subscribe),
	    "yes", 0, 0, NULL,
	    "a new user is subscribed to it" },
	{ NULL, 0, 0, NULL, 0, 0, NULL, NULL },
};
/* clang-format on */

_Static_assert(sizeof(enum conf_uid_policy) == sizeof(unsigned),
    "CONF_T_ENUM is stored as unsigned");

/* --- problems ------------------------------------------------------------- */

void
conf_problem(struct conf_problems *p, int line, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	p->list = xreallocarray(p->list, p->n + 1, sizeof(*p->list));
	p->list[p->n++] = (struct conf_problem){ line, xstrdup(text) };
}

static int
conf_problem_order(const void *va, const void *vb)
{
	const struct conf_problem *a = va, *b = vb;

	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return strcmp(a->text, b->text);
}

/* All of them, one a line, as one string; empties p. */
static char *
conf_problems_print(struct conf_problems *p, const char *path)
{
	struct buf b;
	char *text;

	buf_init(&b, CONF_FILE_MAX);
	qsort(p->list, p->n, sizeof(*p->list), conf_problem_order);
	for (size_t i = 0; i < p->n; i++) {
		if (i > 0)
			buf_putc(&b, '\n');
		if (p->list[i].line > 0)
			buf_printf(&b, "%s:%d: %s", path, p->list[i].line,
			    p->list[i].text);
		else
			buf_printf(&b, "%s: %s", path, p->list[i].text);
		free(p->list[i].text);
	}
	free(p->list);
	*p = (struct conf_problems){ 0 };
	text = xstrdup(buf_cstr(&b));
	buf_clear(&b);
	return text;
}

/* Restricted edit distance of two short names. */
static size_t
conf_distance(const char *a, const char *b)
{
	size_t rows[3][64], n = strlen(b), m = strlen(a);

	if (n >= 63 || m >= 63)
		return 63;
	for (size_t j = 0; j <= n; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= m; i++) {
		size_t *now = rows[i % 3], *up = rows[(i + 2) % 3];
		size_t *up2 = rows[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t best = up[j - 1] + (a[i - 1] != b[j - 1]);

			if (up[j] + 1 < best)
				best = up[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && up2[j - 2] + 1 < best)
				best = up2[j - 2] + 1;
			now[j] = best;
		}
	}
	return rows[m % 3][n];
}

const char *
conf_nearest(const char *name)
{
	static const char *const sections[] = { "listener", "mailbox" };
	size_t best = strlen(name) / 3 + 2;
	const char *near = NULL;

	for (const struct conf_row *r = conf_rows; r->name != NULL; r++) {
		size_t d = conf_distance(name, r->name);

		if (d < best) {
			best = d;
			near = r->name;
		}
	}
	for (size_t i = 0; i < 2; i++)
		if (conf_distance(name, sections[i]) < best) {
			best = conf_distance(name, sections[i]);
			near = sections[i];
		}
	return near;
}

/* --- the whole ------------------------------------------------------------ */

static void
conf_apply_settings(struct conf_full *full, const struct conf_file *file,
    struct conf_place *at)
{
	size_t n = 0;

	while (conf_rows[n].name != NULL)
		n++;
	full->lines = xcalloc(n, sizeof(*full->lines));
	for (size_t i = 0; i < n; i++) {
		const struct conf_row *r = &conf_rows[i];
		const struct conf_item *item = conf_file_get(file, r->name);

		at->line = 0;
		conf_value_set(r, &full->c, r->def, at);
		if (item == NULL)
			continue;
		at->line = full->lines[i] = item->line;
		conf_value_set(r, &full->c, item->text, at);
	}
}

/* Fills one listener or mailbox from section i of its kind. */
static void
conf_apply_section(const struct conf_row *rows, void *base,
    const struct conf_file *file, const char *kind, size_t i,
    struct conf_place *at)
{
	int line;
	const char *title = conf_file_title(file, kind, i, &line);

	for (const struct conf_row *r = rows; r->name != NULL; r++) {
		const struct conf_item *item =
		    conf_file_section_get(file, kind, i, r->name);

		at->line = line;
		if (r->def != NULL)
			conf_value_set(r, base, r->def, at);
		else if (item == NULL)
			conf_problem(at->problems, line,
			    "%s \"%s\" has no %s", kind, title, r->name);
		if (item == NULL)
			continue;
		at->line = item->line;
		conf_value_set(r, base, item->text, at);
	}
}

static struct conf_listener *
conf_add_listener(struct conf *c, const char *name)
{
	struct conf_listener *l;

	c->listeners = xreallocarray(c->listeners, c->n_listeners + 1,
	    sizeof(*c->listeners));
	l = &c->listeners[c->n_listeners++];
	*l = (struct conf_listener){ .name = xstrdup(name) };
	return l;
}

/* What a file without listener sections listens on; imaps only with TLS. */
static void
conf_default_listeners(struct conf *c)
{
	static const struct conf_listener list[] = {
		{ (char *)"imap", (char *)"imap", (char *)"127.0.0.1", 143,
		    0666 },
		{ (char *)"imap6", (char *)"imap", (char *)"::1", 143, 0666 },
		{ (char *)"imaps", (char *)"imaps", (char *)"*", 993, 0666 },
		{ (char *)"lmtp", (char *)"lmtp",
		    (char *)RUNSTATEDIR "/postern/lmtp", 0, 0666 },
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		struct conf_listener *l;

		if (strcmp(list[i].protocol, "imaps") == 0 &&
		    *c->tls_cert == '\0')
			continue;
		l = conf_add_listener(c, list[i].name);
		l->protocol = xstrdup(list[i].protocol);
		l->address = xstrdup(list[i].address);
		l->port = list[i].port;
		l->mode = list[i].mode;
	}
}

static void
conf_apply_listeners(struct conf *c, const struct conf_file *file,
    struct conf_place *at)
{
	size_t n = conf_file_sections(file, "listener");

	if (n == 0)
		conf_default_listeners(c);
	for (size_t i = 0; i < n; i++) {
		int line;
		struct conf_listener *l = conf_add_listener(c,
		    conf_file_title(file, "listener", i, &line));

		conf_apply_section(conf_listener_rows, l, file, "listener", i,
		    at);
		at->line = line;
		conf_check_listener(c, l, at);
	}
}

static struct conf_mailbox *
conf_add_mailbox(struct conf *c, const char *name)
{
	struct conf_mailbox *m;

	c->mailboxes = xreallocarray(c->mailboxes, c->n_mailboxes + 1,
	    sizeof(*c->mailboxes));
	m = &c->mailboxes[c->n_mailboxes++];
	*m = (struct conf_mailbox){ .name = xstrdup(name) };
	return m;
}

static void
conf_apply_mailboxes(struct conf *c, const struct conf_file *file,
    struct conf_place *at)
{
	static const char *const names[] = { "Drafts", "Sent", "Junk", "Trash",
		"Archive" };
	size_t n = conf_file_sections(file, "mailbox");
	int line;

	for (size_t i = 0; n == 0 && i < 5; i++) {
		struct conf_mailbox *m = conf_add_mailbox(c, names[i]);

		m->special_use = xasprintf("\\%s", names[i]);
		m->subscribe = true;
	}
	for (size_t i = 0; i < n; i++) {
		struct conf_mailbox *m = conf_add_mailbox(c,
		    conf_file_title(file, "mailbox", i, &line));

		conf_apply_section(conf_mailbox_rows, m, file, "mailbox", i,
		    at);
		at->line = line;
		conf_check_mailbox(m, at);
	}
}

/* The file's text, NUL-terminated and with a newline at its end; NULL with
 * errno. */
static char *
conf_read(const char *path, struct conf_problems *p)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	size_t len = 0;
	char *text;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) != 0) {
		conf_problem(p, 0, "%s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	text = xmalloc(CONF_FILE_MAX + 2);
	while (len < CONF_FILE_MAX &&
	    (n = read(fd, text + len, CONF_FILE_MAX - len)) > 0)
		len += (size_t)n;
	if (len == CONF_FILE_MAX || n < 0 || memchr(text, 0, len) != NULL) {
		conf_problem(p, 0, "%s", len == CONF_FILE_MAX ? "too long"
			: n < 0 ? strerror(errno) : "has a NUL byte in it");
		free(text);
		text = NULL;
	} else {
		if (len == 0 || text[len - 1] != '\n')
			text[len++] = '\n';
		text[len] = '\0';
	}
	close(fd);
	return text;
}

/* The absolute folder a file is in. */
static char *
conf_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder, *cwd, *joined;

	folder = slash == NULL ? xstrdup(".")
	    : slash == path    ? xstrdup("/")
			       : xstrndup(path, (size_t)(slash - path));
	if (*folder == '/')
		return folder;
	cwd = getcwd(NULL, 0);
	if (cwd == NULL)
		return folder;
	joined = strcmp(folder, ".") == 0 ? xstrdup(cwd)
					  : xasprintf("%s/%s", cwd, folder);
	free(cwd);
	free(folder);
	return joined;
}

struct conf *
conf_load(const char *path, char **error_r)
{
	struct conf_full *full = xcalloc(1, sizeof(*full));
	struct conf *c = &full->c;
	struct conf_problems problems = { 0 };
	struct conf_file *file = NULL;
	struct conf_place at = { .problems = &problems };
	char *folder, *text;

	if (path == NULL)
		path = SYSCONFDIR "/postern.conf";
	folder = conf_folder(path);
	at.folder = folder;
	c->path = *path == '/' ? xstrdup(path)
			       : xasprintf("%s/%s", folder,
				     strrchr(path, '/') == NULL
					 ? path
					 : strrchr(path, '/') + 1);
	text = conf_read(path, &problems);
	if (text != NULL)
		file = conf_file_read(text, &problems);
	if (file != NULL) {
		conf_apply_settings(full, file, &at);
		conf_apply_listeners(c, file, &at);
		conf_apply_mailboxes(c, file, &at);
		conf_check(full, &at);
	}
	conf_file_free(&file);
	free(text);
	free(folder);
	if (problems.n > 0) {
		*error_r = conf_problems_print(&problems, path);
		conf_free(&c);
	}
	return c;
}

void
conf_free(struct conf **c)
{
	if (*c == NULL)
		return;
	for (const struct conf_row *r = conf_rows; r->name != NULL; r++)
		if (conf_row_is_text(r))
			free(*(char **)((char *)*c + r->offset));
	for (size_t i = 0; i < (*c)->n_listeners; i++) {
		free((*c)->listeners[i].name);
		free((*c)->listeners[i].protocol);
		free((*c)->listeners[i].address);
	}
	for (size_t i = 0; i < (*c)->n_mailboxes; i++) {
		free((*c)->mailboxes[i].name);
		free((*c)->mailboxes[i].special_use);
	}
	free((*c)->listeners);
	free((*c)->mailboxes);
	free((*c)->path);
	free(((struct conf_full *)*c)->lines);
	free(*c);
	*c = NULL;
}
