import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { must, outcomeOf, ROOT, type Step } from './step.js'
import { debianTool } from './tools.js'

const UNIT = join(ROOT, 'deploy/systemd/launchtail.service')
/** Ten times the exposure that `systemd-analyze security` may find; a unit without any of it has 96. */
const EXPOSURE = '15'

export const SYSTEMD: readonly Step[] = [
  {
    name: 'systemd: the unit has no fault',
    async run() {
      const analyze = await debianTool('systemd-analyze', 'systemd')
      const root = await mkdtemp(join(tmpdir(), 'launchtail-unit-'))
      try {
        const program = join(root, 'usr/local/bin/launchtail')
        const unit = join(root, 'etc/systemd/system/launchtail.service')
        await mkdir(join(root, 'usr/local/bin'), { recursive: true })
        await mkdir(join(root, 'etc/systemd/system'), { recursive: true })
        await writeFile(program, '#!/bin/sh\n')
        await chmod(program, 0o755)
        await cp(UNIT, unit)
        // The units that it wants are not in that folder.
        const verify = ['verify', '--recursive-errors=no', `--root=${root}`, unit]
        const { code, stdout, stderr } = await outcomeOf(analyze, verify)
        must(code === 0 && stderr === '', `systemd-analyze verify: ${stdout}${stderr}`)
      } finally {
        await rm(root, { recursive: true, force: true })
      }
    },
  },
  {
    name: 'systemd: the unit is hardened',
    async run() {
      const analyze = await debianTool('systemd-analyze', 'systemd')
      const security = ['security', '--offline=true', '--no-pager', `--threshold=${EXPOSURE}`, UNIT]
      const { code, stdout, stderr } = await outcomeOf(analyze, security)
      const weak = stdout.split('\n').filter((line) => /^✗|Overall/.test(line))
      must(code === 0, `it is more exposed than ${EXPOSURE}: ${stderr}\n${weak.join('\n')}`)
    },
  },
]
