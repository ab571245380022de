/* SPDX-License-Identifier: ISC
 *
 * A certificate for tests: self-signed, for localhost, a key of its own.
 */
#ifndef TESTS_LIB_CERT_H
#define TESTS_LIB_CERT_H

/* Writes dir/cert.pem and dir/key.pem, readable by all. Fails the test. */
void cert_write(const char *dir);

#endif
