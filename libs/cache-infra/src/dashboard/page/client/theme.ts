// Sets the chosen theme before anything is drawn. A script of its own: the page has no inline script.
{
  let theme: string | null = null;
  try {
    theme = localStorage.getItem('cache-dashboard-theme');
  } catch {
    // Storage may be forbidden: the theme is then that of the system.
  }
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset['theme'] = theme;
}
