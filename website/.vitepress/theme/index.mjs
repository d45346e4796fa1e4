// The default theme, without its fonts, in the colours of the dashboard.
import { useData, withBase } from 'vitepress';
import DefaultTheme from 'vitepress/theme-without-fonts';
import { h } from 'vue';

import './style.css';

/** The page as Markdown, at its end. */
const MarkdownLink = {
  setup() {
    const { page } = useData();
    return () =>
      h(
        'a',
        { class: 'markdown-link', href: withBase(`/${page.value.relativePath}`) },
        'This page as Markdown',
      );
  },
};

export default {
  extends: DefaultTheme,
  Layout: () =>
    h(DefaultTheme.Layout, null, {
      'doc-footer-before': () => h(MarkdownLink),
    }),
};
