/* SPDX-License-Identifier: ISC
 *
 * Reads a configuration file with libconfuse and hands out its values as text.
 *
 * Every setting is an opaque pointer to libconfuse: its callback keeps the text
 * and the line, and never fails, so that one bad value does not hide the next.
 * libconfuse stops at the first unknown name; to report all of them, the name
 * is noted, added to what libconfuse knows, and the text is read again.
 *
 * A later setting replaces an earlier one, a later section with the same title
 * the whole earlier section: libconfuse works that way by itself.
 */
#include "common/conf_private.h"

#include <confuse.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"

struct conf_unknown {
	char *section; /* own; "root" at the top */
	char *name;    /* own */
	bool is_section;
};

struct conf_file {
	cfg_t *cfg;
	struct conf_unknown unknown[CONF_UNKNOWN_MAX];
	size_t n_unknown;
	bool again; /* something was noted in unknown: read once more */
	struct conf_problems *problems; /* borrowed while reading */
};

/* libconfuse's error hook has no argument for its user. */
static struct conf_file *conf_file_reading;

static int
conf_file_keep(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	struct conf_item *item = xcalloc(1, sizeof(*item));

	(void)opt;
	item->text = xstrdup(value);
	item->line = cfg->line;
	*(void **)result = item;
	return 0;
}

static void
conf_file_drop(void *value)
{
	struct conf_item *item = value;

	if (item == NULL)
		return;
	free(item->text);
	free(item);
}

static bool
conf_file_known_section(const char *name)
{
	return strcmp(name, "root") == 0 || strcmp(name, "listener") == 0 ||
	    strcmp(name, "mailbox") == 0;
}

static void
conf_file_note_unknown(struct conf_file *f, const cfg_t *cfg, const char *name)
{
	const char *near = conf_nearest(name);
	struct conf_unknown *u;

	if (f->n_unknown == CONF_UNKNOWN_MAX) {
		conf_problem(f->problems, cfg->line,
		    "too many unknown settings");
		return;
	}
	u = &f->unknown[f->n_unknown++];
	u->section = xstrdup(cfg->name);
	u->name = xstrdup(name);
	f->again = true;
	if (!conf_file_known_section(cfg->name))
		return; /* of an unknown section: said already */
	if (strcmp(cfg->name, "root") != 0)
		conf_problem(f->problems, cfg->line,
		    "unknown setting \"%s\" in a %s section", name, cfg->name);
	else if (near != NULL)
		conf_problem(f->problems, cfg->line,
		    "unknown setting \"%s\", did you mean \"%s\"?", name, near);
	else
		conf_problem(f->problems, cfg->line,
		    "unknown setting \"%s\"", name);
}

/* An unknown name that is not followed by "=" was meant as a section. */
static bool
conf_file_note_section(struct conf_file *f, const char *name)
{
	for (size_t i = 0; i < f->n_unknown; i++) {
		struct conf_unknown *u = &f->unknown[i];

		if (strcmp(u->name, name) == 0 && !u->is_section &&
		    strcmp(u->section, "root") == 0) {
			u->is_section = true;
			f->again = true;
			return true;
		}
	}
	return false;
}

static void conf_file_error(cfg_t *cfg, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void
conf_file_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	struct conf_file *f = conf_file_reading;
	char text[512];

	if (f->again)
		return;
	if (strncmp(fmt, "no such option '%s'", 19) == 0) {
		conf_file_note_unknown(f, cfg, va_arg(ap, const char *));
		return;
	}
	vsnprintf(text, sizeof(text), fmt, ap);
	if (strncmp(text, "missing equal sign after option '", 33) == 0) {
		char *name = xstrdup(text + 33);

		name[strcspn(name, "'")] = '\0';
		if (conf_file_note_section(f, name)) {
			free(name);
			return;
		}
		free(name);
	}
	conf_problem(f->problems, cfg->line, "%s", text);
}

static cfg_opt_t
conf_file_opt(const char *name)
{
	return (cfg_opt_t)CFG_PTR_CB(name, NULL, CFGF_NODEFAULT, conf_file_keep,
	    conf_file_drop);
}

/* The options of one section: the table's rows (may be NULL) and what unknown
 * names were met there. Ends with CFG_END; extra leaves room at the end. */
static cfg_opt_t *
conf_file_opts(const struct conf_file *f, const struct conf_row *rows,
    const char *section, size_t extra, size_t *n_r)
{
	cfg_opt_t *opts;
	size_t n = 0;

	while (rows != NULL && rows[n].name != NULL)
		n++;
	opts = xcalloc(n + f->n_unknown + extra + 1, sizeof(*opts));
	for (size_t i = 0; i < n; i++)
		opts[i] = conf_file_opt(rows[i].name);
	for (size_t i = 0; i < f->n_unknown; i++)
		if (!f->unknown[i].is_section &&
		    strcmp(f->unknown[i].section, section) == 0)
			opts[n++] = conf_file_opt(f->unknown[i].name);
	opts[n] = (cfg_opt_t)CFG_END();
	*n_r = n;
	return opts;
}

/* One pass over the text. */
static int
conf_file_pass(struct conf_file *f, const char *text)
{
	cfg_opt_t *root, *sections[CONF_UNKNOWN_MAX + 2];
	size_t n, m, k = 0;
	int rc;

	root = conf_file_opts(f, conf_rows, "root", CONF_UNKNOWN_MAX + 2, &n);
	sections[k] = conf_file_opts(f, conf_listener_rows, "listener", 0, &m);
	root[n++] = (cfg_opt_t)CFG_SEC("listener", sections[k++],
	    CFGF_MULTI | CFGF_TITLE);
	sections[k] = conf_file_opts(f, conf_mailbox_rows, "mailbox", 0, &m);
	root[n++] = (cfg_opt_t)CFG_SEC("mailbox", sections[k++],
	    CFGF_MULTI | CFGF_TITLE);
	for (size_t i = 0; i < f->n_unknown; i++) {
		if (!f->unknown[i].is_section)
			continue;
		sections[k] =
		    conf_file_opts(f, NULL, f->unknown[i].name, 0, &m);
		root[n++] = (cfg_opt_t)CFG_SEC(f->unknown[i].name,
		    sections[k++], CFGF_MULTI | CFGF_TITLE);
	}
	root[n] = (cfg_opt_t)CFG_END();
	f->again = false;
	f->cfg = cfg_init(root, CFGF_NONE);
	cfg_set_error_function(f->cfg, conf_file_error);
	conf_file_reading = f;
	rc = cfg_parse_buf(f->cfg, text);
	conf_file_reading = NULL;
	while (k > 0)
		free(sections[--k]);
	free(root);
	return rc == CFG_SUCCESS ? 0 : -1;
}

struct conf_file *
conf_file_read(const char *text, struct conf_problems *p)
{
	struct conf_file *f = xcalloc(1, sizeof(*f));
	size_t before = p->n;

	f->problems = p;
	while (conf_file_pass(f, text) != 0) {
		if (!f->again) {
			if (p->n == before)
				conf_problem(p, f->cfg->line, "bad syntax");
			conf_file_free(&f);
			return NULL;
		}
		cfg_free(f->cfg);
		f->cfg = NULL;
	}
	return f;
}

void
conf_file_free(struct conf_file **f)
{
	if (*f == NULL)
		return;
	if ((*f)->cfg != NULL)
		cfg_free((*f)->cfg);
	for (size_t i = 0; i < (*f)->n_unknown; i++) {
		free((*f)->unknown[i].section);
		free((*f)->unknown[i].name);
	}
	free(*f);
	*f = NULL;
}

static const struct conf_item *
conf_file_item(cfg_t *cfg, const char *name)
{
	cfg_opt_t *opt = cfg_getopt(cfg, name);

	return opt == NULL || cfg_opt_size(opt) == 0
	    ? NULL
	    : cfg_opt_getnptr(opt, 0);
}

const struct conf_item *
conf_file_get(const struct conf_file *f, const char *name)
{
	return conf_file_item(f->cfg, name);
}

size_t
conf_file_sections(const struct conf_file *f, const char *kind)
{
	return cfg_size(f->cfg, kind);
}

const char *
conf_file_title(const struct conf_file *f, const char *kind, size_t i,
    int *line_r)
{
	cfg_t *section = cfg_getnsec(f->cfg, kind, (unsigned)i);

	*line_r = section->line;
	return cfg_title(section);
}

const struct conf_item *
conf_file_section_get(const struct conf_file *f, const char *kind, size_t i,
    const char *name)
{
	return conf_file_item(cfg_getnsec(f->cfg, kind, (unsigned)i), name);
}
