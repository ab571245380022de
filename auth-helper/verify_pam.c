/* SPDX-License-Identifier: ISC */
#include "auth-helper/verify_pam.h"

#include <security/pam_appl.h>
#include <stdlib.h>
#include <string.h>

struct verify_pam_dialogue {
	const char *user;     /* borrowed */
	const char *password; /* borrowed */
};

static void
verify_pam_replies_free(struct pam_response *replies, int n)
{
	for (int i = 0; i < n; i++)
		if (replies[i].resp != NULL) {
			explicit_bzero(replies[i].resp,
			    strlen(replies[i].resp));
			free(replies[i].resp);
		}
	free(replies);
}

/* PAM frees (and wipes) the answers, which therefore must be malloc'ed. */
static int
verify_pam_converse(int n, const struct pam_message **messages,
    struct pam_response **replies_r, void *ctx)
{
	const struct verify_pam_dialogue *d = ctx;
	struct pam_response *replies;
	const char *answer;

	if (n <= 0 || n > PAM_MAX_NUM_MSG)
		return PAM_CONV_ERR;
	replies = calloc((size_t)n, sizeof(*replies));
	if (replies == NULL)
		return PAM_BUF_ERR;
	for (int i = 0; i < n; i++) {
		switch (messages[i]->msg_style) {
		case PAM_PROMPT_ECHO_OFF:
			answer = d->password;
			break;
		case PAM_PROMPT_ECHO_ON:
			answer = d->user;
			break;
		case PAM_ERROR_MSG:
		case PAM_TEXT_INFO:
			continue;
		default:
			verify_pam_replies_free(replies, n);
			return PAM_CONV_ERR;
		}
		replies[i].resp = strdup(answer);
		if (replies[i].resp == NULL) {
			verify_pam_replies_free(replies, n);
			return PAM_BUF_ERR;
		}
	}
	*replies_r = replies;
	return PAM_SUCCESS;
}

static enum ipc_status
verify_pam_status(int rc)
{
	switch (rc) {
	case PAM_SUCCESS:
		return IPC_OK;
	case PAM_USER_UNKNOWN:
		return IPC_NO_SUCH_USER;
	case PAM_ABORT:
	case PAM_AUTHINFO_UNAVAIL:
	case PAM_BUF_ERR:
	case PAM_MODULE_UNKNOWN:
	case PAM_OPEN_ERR:
	case PAM_SERVICE_ERR:
	case PAM_SYMBOL_ERR:
	case PAM_SYSTEM_ERR:
		return IPC_UNAVAILABLE;
	default:
		return IPC_REFUSED;
	}
}

enum ipc_status
verify_pam(const char *service, const char *user, const char *addr,
    const char *password, char user_r[VERIFY_PAM_USER_MAX + 1],
    const char **why_r)
{
	struct verify_pam_dialogue d = { user, password };
	struct pam_conv conv = { verify_pam_converse, &d };
	const int flags = PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK;
	pam_handle_t *pam = NULL;
	const void *name = NULL;
	int rc;

	rc = pam_start(service, user, &conv, &pam);
	if (rc == PAM_SUCCESS && addr[0] != '\0')
		rc = pam_set_item(pam, PAM_RHOST, addr);
	if (rc == PAM_SUCCESS)
		rc = pam_set_item(pam, PAM_TTY, "postern");
	if (rc == PAM_SUCCESS)
		rc = pam_authenticate(pam, flags);
	if (rc == PAM_SUCCESS)
		rc = pam_acct_mgmt(pam, flags);
	if (rc == PAM_SUCCESS)
		rc = pam_get_item(pam, PAM_USER, &name);
	if (rc == PAM_SUCCESS && (name == NULL ||
	    strlen(name) > VERIFY_PAM_USER_MAX))
		rc = PAM_USER_UNKNOWN;
	if (rc == PAM_SUCCESS)
		memcpy(user_r, name, strlen(name) + 1);
	*why_r = rc == PAM_SUCCESS ? "" : pam_strerror(pam, rc);
	if (pam != NULL)
		pam_end(pam, rc);
	return verify_pam_status(rc);
}
