/* The implementation over vec.h, as kernels.c chooses it. */
#include "kernels/cpu/cpu.h"

#define TEXT_OF(name) #name
#define TEXT(name)    TEXT_OF(name)

const Kernels ISA(kernels) = {
    .name = TEXT(KERNELS_ISA),
    .buffer_add = ISA(buffer_add),
    .buffer_sum_squares = ISA(buffer_sum_squares),
    .weight_new = ISA(weight_new),
    .weight_free = ISA(weight_free),
    .weight_changed = ISA(weight_changed),
    .weight_pack = ISA(weight_pack),
    .linear_forward = ISA(linear_forward),
    .linear_backward = ISA(linear_backward),
    .lowrank_forward = ISA(lowrank_forward),
    .lowrank_backward = ISA(lowrank_backward),
    .lowrank_weights = ISA(lowrank_weights),
    .layernorm_forward = ISA(layernorm_forward),
    .layernorm_backward = ISA(layernorm_backward),
    .rmsnorm_forward = ISA(rmsnorm_forward),
    .rmsnorm_backward = ISA(rmsnorm_backward),
    .rope = ISA(rope),
    .kv_cache_new = ISA(kv_cache_new),
    .kv_cache_free = ISA(kv_cache_free),
    .kv_cache_write = ISA(kv_cache_write),
    .kv_cache_copy = ISA(kv_cache_copy),
    .attention_forward = ISA(attention_forward),
    .attention_backward = ISA(attention_backward),
    .gelu_forward = ISA(gelu_forward),
    .gelu_backward = ISA(gelu_backward),
    .swiglu_forward = ISA(swiglu_forward),
    .swiglu_backward = ISA(swiglu_backward),
    .logprob_forward = ISA(logprob_forward),
    .logprob_backward = ISA(logprob_backward),
    .logsumexp_forward = ISA(logsumexp_forward),
    .logits_logprob = ISA(logits_logprob),
    .sample_forward = ISA(sample_forward),
    .adamw_step = ISA(adamw_step),
    .limit_fma = ISA(limit_fma),
    .limit_read = ISA(limit_read),
};
