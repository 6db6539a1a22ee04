/** What a launch has SkyPilot run. Without its schema, for the page. */
export const LAUNCH_MODES = ['cluster', 'job', 'serve'] as const
