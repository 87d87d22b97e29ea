/* Which version this is; configure says it. */
#ifndef APP_VERSION_H
#define APP_VERSION_H

#ifdef PACKAGE_VERSION
#define VERSION_TEXT PACKAGE_VERSION
#else
#define VERSION_TEXT "unversioned"
#endif

#endif
