import type { Tree } from './syntax.js'

/** The leaves of a tree, in the order in which they are written. */
export function* leavesOf<Leaf extends { readonly type: string }>(
  tree: Tree<Leaf>,
): Generator<Leaf, void, undefined> {
  if ('parts' in tree) for (const part of tree.parts) yield* leavesOf<Leaf>(part)
  else if ('part' in tree) yield* leavesOf<Leaf>(tree.part)
  else yield tree as Leaf
}
