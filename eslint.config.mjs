import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

import arrows from './scripts/eslint/arrows.mjs';

const typescript = ['**/*.ts'];
const specs = ['**/*.spec.ts', 'test/**/*.ts'];
const library = ['libs/cache-infra/src/**/*.ts'];

export default defineConfig(
  { ignores: ['**/dist/', '**/node_modules/', 'test-results/', 'coverage/', '.cache/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    rules: {
      'no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
    },
  },
  {
    files: ['**/*.mjs'],
    languageOptions: {
      globals: Object.fromEntries(Object.getOwnPropertyNames(globalThis).map((name) => [name, 'readonly'])),
    },
  },
  {
    files: typescript,
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // A cache's `get<T>(key)` names T once: the caller knows what was stored, the cache cannot.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      // `async` without `await` turns a throw into a rejection, as a method that returns a promise owes its caller.
      '@typescript-eslint/require-await': 'off',
      // NestJS modules are classes without members.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'no-unused-vars': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      // Callers without types pass anything, and state changes across an `await`: such a check is no needless one.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // `!` is forbidden, so `as` says it.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      // Option and body classes carry rules for class-validator and OpenAPI; plain objects are what they describe.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-misused-spread': 'off',
      // tsconfig's noPropertyAccessFromIndexSignature is off, and a name from outside reads better quoted.
      '@typescript-eslint/dot-notation': 'off',
    },
  },
  {
    files: library,
    plugins: { local: { rules: { arrows } } },
    rules: { 'local/arrows': 'error' },
  },
  {
    files: library,
    ignores: ['libs/cache-infra/src/config/**', 'libs/cache-infra/src/testing/**', '**/*.spec.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'The environment is read in config/ only.' },
      ],
      'no-restricted-imports': [
        'error',
        { name: 'node:process', message: 'The environment is read in config/ only; `process` is a global.' },
        { name: 'process', message: 'The environment is read in config/ only; `process` is a global.' },
      ],
    },
  },
  {
    files: ['libs/cache-infra/src/testing/**'],
    // Environment variables are cleared by name.
    rules: { '@typescript-eslint/no-dynamic-delete': 'off' },
  },
  {
    files: specs,
    rules: {
      // Bodies of HTTP answers and `expect.objectContaining` are `any`; an assertion follows at once.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      // `expect(monitor.record)` names a method without calling it.
      '@typescript-eslint/unbound-method': 'off',
      // Wrong arguments, empty listeners and odd rejections are what these tests are about.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-dynamic-delete': 'off',
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
    },
  },
  prettier,
);
