/* SPDX-License-Identifier: Apache-2.0 */
/* All of the library. */
#ifndef HASHVEIL_HASHVEIL_H
#define HASHVEIL_HASHVEIL_H

#include <hashveil/audit.h>
#include <hashveil/cancel.h>
#include <hashveil/curation.h>
#include <hashveil/digest.h>
#include <hashveil/evaluator.h>
#include <hashveil/fingerprint.h>
#include <hashveil/hash_files.h>
#include <hashveil/image.h>
#include <hashveil/index.h>
#include <hashveil/key.h>
#include <hashveil/log.h>
#include <hashveil/masks.h>
#include <hashveil/pdq.h>
#include <hashveil/report.h>
#include <hashveil/sandbox.h>
#include <hashveil/scan.h>
#include <hashveil/scanner.h>
#include <hashveil/sealed_db.h>
#include <hashveil/status.h>
#include <hashveil/transport.h>
#include <hashveil/trust.h>
#include <hashveil/workspace.h>

#define HASHVEIL_VERSION_MAJOR 0
#define HASHVEIL_VERSION_MINOR 1
#define HASHVEIL_VERSION_PATCH 0
#define HASHVEIL_VERSION_TEXT "0.1.0"

#endif
