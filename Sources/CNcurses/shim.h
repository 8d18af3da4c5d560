#ifndef WORKBENCH_CNCURSES_SHIM_H
#define WORKBENCH_CNCURSES_SHIM_H
#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <wchar.h>

// From term.h, whose macros take words such as `columns` and `lines` from everyone.
extern int setupterm(const char *name, int file, int *status);
extern char *tigetstr(const char *capability);

// Swift 6 cannot reach ncurses' globals (shared mutable state), its function-like
// macros, or macros with a cast. Everything the program needs of it is here.

/// Reads TERM's entry before anything is changed. False when there is none.
static inline bool screen_know_terminal(void) {
  int status = 0;
  setlocale(LC_ALL, "");
  return setupterm(NULL, 1, &status) == OK;
}

/// `newterm`, because `initscr` ends the process when it does not like TERM.
static inline bool screen_start(void) { return newterm(NULL, stdout, stdin) != NULL; }

/// How a dashboard wants its terminal: every key is ours, nothing scrolls,
/// output is never torn by waiting input, and cells are never shoved along.
static inline void screen_configure(void) {
  raw();
  noecho();
  nonl();
  intrflush(stdscr, FALSE);
  keypad(stdscr, FALSE);
  idcok(stdscr, FALSE);
  idlok(stdscr, FALSE);
  scrollok(stdscr, FALSE);
  leaveok(stdscr, TRUE);
  typeahead(-1);
  curs_set(0);
}

/// Number of colours, 0 for a terminal without.
static inline int screen_start_colours(void) {
  if (!has_colors() || start_color() == ERR) return 0;
  return COLORS;
}
static inline bool screen_uses_default_colours(void) { return use_default_colors() == OK; }
static inline int screen_pair_count(void) { return COLOR_PAIRS; }
static inline int screen_rows(void) { return LINES; }
static inline int screen_columns(void) { return COLS; }
static inline void screen_resize(int rows, int columns) { resizeterm(rows, columns); }
static inline bool screen_set_pair(int pair, int foreground, int background) {
  return init_extended_pair(pair, foreground, background) == OK;
}
static inline void screen_forget_pairs(void) { reset_color_pairs(); }

enum { screen_bold = 1, screen_dim = 2, screen_underline = 4, screen_reverse = 8 };

/// One cell. Pairs go through `opts`: COLOR_PAIR() has eight bits only.
static inline void screen_make_cell(cchar_t *cell, unsigned int code, int attributes, int pair) {
  wchar_t text[2] = {(wchar_t)code, 0};
  attr_t attrs = 0;
  if (attributes & screen_bold) attrs |= WA_BOLD;
  if (attributes & screen_dim) attrs |= WA_DIM;
  if (attributes & screen_underline) attrs |= WA_UNDERLINE;
  if (attributes & screen_reverse) attrs |= WA_REVERSE;
  setcchar(cell, text, attrs, 0, &pair);
}

static inline void screen_put_row(int row, int column, const cchar_t *cells, int count) {
  mvwadd_wchnstr(stdscr, row, column, cells, count);
}
static inline void screen_erase(void) { werase(stdscr); }
static inline void screen_flush(void) { wnoutrefresh(stdscr); doupdate(); }
static inline void screen_redraw_row(int row) { wredrawln(stdscr, row, 1); }
/// The next flush paints every cell.
static inline void screen_redraw_all(void) { clearok(curscr, TRUE); }
static inline void screen_end(void) { endwin(); }

/// Cells that the C library gives a character, −1 when it knows none: ncurses lays out by it.
static inline int screen_width_of(unsigned int code) { return wcwidth((wchar_t)code); }
/// UTF-8 though the user's locale is not; before the start only.
static inline void screen_speak_utf8(void) {
  if (setlocale(LC_CTYPE, "C.UTF-8") == NULL) setlocale(LC_CTYPE, "en_US.UTF-8");
}
static inline bool screen_speaks_utf8(void) { return strcmp(nl_langinfo(CODESET), "UTF-8") == 0; }

/// A capability's text, NULL when the terminal has none.
static inline const char *screen_capability(const char *name) {
  char *text = tigetstr(name);
  return text == (char *)-1 ? NULL : text;
}

/// The window's size as the kernel knows it; false when it does not.
static inline bool screen_window_size(int fd, int *rows, int *columns) {
  struct winsize size;
  if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return false;
  *rows = size.ws_row;
  *columns = size.ws_col;
  return true;
}
#endif
