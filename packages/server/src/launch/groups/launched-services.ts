import type { LaunchedServices, Launcher } from '../launcher.js'

/** What knows of services. Throws where no launcher of this server does (any more). */
export function servicesOf(launchers: readonly Launcher[]): LaunchedServices {
  const found = launchers.find(({ services }) => services)?.services
  if (found) return found
  throw new Error('services need SkyPilot’s API server; set SKYPILOT_API_SERVER_ENDPOINT')
}
