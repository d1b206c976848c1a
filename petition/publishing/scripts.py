"""The scripts of the site's pages, all in the folder ``static``."""

VERIFYING = (
    "check-count.js",
    "verify-worker.js",
    "verify.js",
    "verify-beside.js",
    "verify-bytes.js",
    "verify-entries.js",
    "verify-files.js",
    "verify-ledger.js",
    "verify-log.js",
    "verify-note.js",
    "verify-pages.js",
    "verify-signatures.js",
    "verify-source.js",
    "verify-tables.js",
    "verify-tree.js",
    "verify-updates.js",
)
"""With these a reader's browser checks a count: the button on the page, the worker, and the modules of the worker."""

SCRIPTS = ("sign.js", "appearance.js", "check.js", "names.js", "share.js", *VERIFYING)
