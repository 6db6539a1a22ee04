/** Where a launch's server has to be ready. Without its schema, for the page. */
export const READINESS_FROM = ['auto', 'endpoint', 'node', 'job'] as const
