import { isIP } from 'node:net'
import { isLoopback } from '../../loopback.js'
import { type AddressRules, mayConnect } from './address-rules.js'

/** A webhook's address, split into what a request needs. */
export interface Target {
  readonly isSecure: boolean
  /** A name in lower case, or an IP address without brackets. */
  readonly host: string
  readonly port: number
  readonly path: string
  /** For the `Host` header. */
  readonly authority: string
}

/** Thrown for an address that no message may go to. Its message completes a sentence: `'url' …`. */
export class ForbiddenTarget extends Error {}

const LOWEST_PORT = 1024
const LOW_PORTS = new Set([80, 443])
/** Cloud metadata servers, which hand out credentials. These names resolve only inside a cloud. */
const METADATA = /^(?:metadata|metadata\.google\.internal|instance-data)\.?$/

/** Parses an address. Throws ForbiddenTarget for one that is forbidden whatever its name resolves to. */
export function readTarget(address: string, rules: AddressRules): Target {
  if (!URL.canParse(address)) throw new ForbiddenTarget('must be an address such as https://…')
  const url = new URL(address)
  const { protocol, username, password } = url
  if (protocol !== 'https:' && protocol !== 'http:') throw new ForbiddenTarget(NOT_HTTPS)
  if (username !== '' || password !== '') {
    throw new ForbiddenTarget('must have no user and password')
  }
  const host = hostOf(url)
  const isSecure = protocol === 'https:'
  if (!isSecure && !isNear(host, rules)) throw new ForbiddenTarget(NOT_HTTPS)
  const port = url.port === '' ? (isSecure ? 443 : 80) : Number(url.port)
  if (port < LOWEST_PORT && !LOW_PORTS.has(port)) {
    throw new ForbiddenTarget('must have the port 80, 443, or one from 1024')
  }
  refuseHost(host, rules)
  return { isSecure, host, port, path: `${url.pathname}${url.search}`, authority: url.host }
}

const NOT_HTTPS = 'must begin with https://'

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase()
}

/** True where plain http is allowed: on this machine, and for what the operator has allowed. */
function isNear(host: string, { allowed, allowLoopback }: AddressRules): boolean {
  if (allowed.names.has(withoutDot(host))) return true
  if (allowLoopback && isLoopback(host)) return true
  const version = isIP(host)
  return version !== 0 && allowed.networks.check(host, version === 6 ? 'ipv6' : 'ipv4')
}

/** Checks literal IP addresses, which are never resolved. Names are checked when they are resolved. */
function refuseHost(host: string, rules: AddressRules): void {
  if (rules.allowed.names.has(withoutDot(host))) return
  if (METADATA.test(host)) throw new ForbiddenTarget('must not be a metadata server')
  if (isIP(host) !== 0 && !mayConnect(host, rules)) throw forbiddenAddress(host)
}

export function withoutDot(host: string): string {
  return host.replace(/\.$/, '')
}

export function forbiddenAddress(address: string): ForbiddenTarget {
  return new ForbiddenTarget(
    `leads to ${address}, which only some can reach; LAUNCHTAIL_WEBHOOK_ALLOW can allow it`,
  )
}
