/** Keys with braces, in which Redis Cluster would look for a hash tag. */
export const trickyKeys = ['a{b}c', 'x}', '{}y', '{', '}{', '{{b}}', `${'long '.repeat(300)}}`];
