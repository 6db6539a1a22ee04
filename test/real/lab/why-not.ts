import { existsSync } from 'node:fs'

/** Why no lab can be started on this machine; undefined where one can. */
export function whyNot(): string | undefined {
  if (process.platform !== 'linux' || !existsSync('/etc/debian_version')) {
    return 'they need Debian, whose packages of Slurm they install'
  }
  if (process.getuid?.() !== 0) return 'they need root, to install and run Slurm'
  return undefined
}
