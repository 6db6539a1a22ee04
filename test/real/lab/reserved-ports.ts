import { readFileSync, writeFileSync } from 'node:fs'

const FILE = '/proc/sys/net/ipv4/ip_local_reserved_ports'
const ours = new Set<string>()

/**
 * Keeps the kernel from giving a port to somebody's connection while nobody listens on it. Where the
 * kernel's settings cannot be changed, as in a container, nothing is kept.
 */
export function reservePort(port: number): void {
  ours.add(String(port))
  write([...others(), ...ours])
}

export function releasePorts(): void {
  if (ours.size > 0) write(others())
  ours.clear()
}

function others(): string[] {
  try {
    const ports = readFileSync(FILE, 'utf8').trim().split(',')
    return ports.filter((port) => port !== '' && !ours.has(port))
  } catch {
    // This kernel has no such setting.
    return []
  }
}

function write(ports: readonly string[]): void {
  try {
    writeFileSync(FILE, `${ports.join(',')}\n`)
  } catch {
    // It cannot be changed here. The API server is started again where its port is taken.
  }
}
