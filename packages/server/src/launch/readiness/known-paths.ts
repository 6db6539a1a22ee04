/** A health check comes first: some servers list their models while they still load them. */
export const HEALTH_PATHS = ['/health', '/v1/models', '/v2/health/ready']

/** The paths at which a server is asked whether it is ready, if nobody has named one. */
export const KNOWN_PATHS = [...HEALTH_PATHS, '/']
