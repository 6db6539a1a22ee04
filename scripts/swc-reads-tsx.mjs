// For dependency-cruiser, which has swc read a .tsx file as a .ts file and so fails at its first
// element. Loaded before it: the namespace that it imports takes over what is set here.
import { createRequire } from 'node:module'

const swc = createRequire(import.meta.url)('@swc/core')
const { parseFileSync } = swc
swc.parseFileSync = (file, options) =>
  parseFileSync(file, { ...options, tsx: file.endsWith('.tsx') })
