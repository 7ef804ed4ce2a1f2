"""The clauses that some mode cannot show, by what they are about; ``torch_driver`` says which mode and why."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Capability:
    """Something that a mode cannot show, and the clauses that are about it."""

    name: str
    reason: str
    kinds: frozenset[str] = frozenset()
    clauses: frozenset[str] = frozenset()


OF_NODES = frozenset(
    [
        "data.assignment-after-saving-gives-silent-wrong-gradient",
        "detach.clone-keeps-the-graph",
        "device.meta-backward-gives-meta-grad",
        "function.mark-dirty-returns-same-object",
        "graph.output-alone-keeps-graph-alive",
        "hook.hook-stays-with-node-before-write",
        "hook.hooks-around-node-fire-in-order",
        "hook.node-hook-may-replace-grad-inputs",
        "inplace.relu-in-place-equals-relu",
        "inplace.write-to-non-leaf-is-differentiated",
        "inplace.write-to-view-updates-base-history",
        "leaf.flags-along-chain-match-tutorials",
        "leaf.rebinding-an-update-loses-the-leaf",
        "leaf.user-tensor-is-leaf-result-is-not",
        "retain.backward-releases-saved-tensors",
        "retain.reading-freed-saved-tensor-raises",
        "saved.raw-saved-tensor-takes-own-hooks",
        "saved.reading-overwritten-saved-tensor-raises",
        "saved.registering-hooks-after-release-raises",
        "saved.registering-hooks-twice-raises",
    ]
)
OF_RECOMPUTATION = frozenset(
    [
        "checkpoint.early-stop-can-be-disabled",
        "checkpoint.reentrant-with-keyword-arguments-raises",
        "checkpoint.non-reentrant-supports-double-backward",
        "checkpoint.only-non-reentrant-tracks-nested-inputs",
        "checkpoint.recomputes-with-same-gradients",
        "checkpoint.reentrant-without-tracked-input-warns",
        "checkpoint.selective-policy-of-wrong-type-raises",
        "checkpoint.sequential-gives-same-gradients",
    ]
)
OF_COMPILED_NODES = frozenset(
    [
        "anomaly.nan-in-backward-raises",
        "detach.clone-keeps-the-graph",
        "device.meta-backward-gives-meta-grad",
        "inplace.write-to-non-leaf-is-differentiated",
        "leaf.flags-along-chain-match-tutorials",
        "leaf.rebinding-an-update-loses-the-leaf",
        "leaf.user-tensor-is-leaf-result-is-not",
        "retain.backward-frees-shared-subgraph-only",
        "retain.graph-without-saved-tensors-runs-again",
        "retain.reading-freed-saved-tensor-raises",
        "saved.raw-saved-tensor-takes-own-hooks",
        "saved.reading-overwritten-saved-tensor-raises",
        "saved.registering-hooks-after-release-raises",
        "saved.registering-hooks-twice-raises",
    ]
)
OF_LONG_GRAPHS = frozenset({"graph.deep-chain-does-not-overflow-stack"})
