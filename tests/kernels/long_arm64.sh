#!/usr/bin/env bash
# 64-bit ARM, built here by a cross compiler and run by qemu: the tests of the kernels, and the whole chain from a
# corpus to PPO, whose weights, moments, answers and log-probabilities are those of this machine to the bit.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
emulator=qemu-aarch64-static
for tool in aarch64-linux-gnu-gcc $emulator; do
    command -v $tool >/dev/null || { echo "skipped: there is no $tool" && exit 77; }
done
PKG_CONFIG_LIBDIR=/usr/lib/aarch64-linux-gnu/pkgconfig:/usr/share/pkgconfig pkg-config --exists cmocka sqlite3 libcurl ||
    { echo "skipped: there are no libraries for arm64" && exit 77; }

cd "$SOURCE_DIR" && cmake --preset arm64 -DRLHF_WERROR=ON && cmake --build --preset arm64 -j "$(nproc)" || exit 1
ctest --test-dir build/arm64 --output-on-failure --no-tests=error -R '^kernels/' -LE long || exit 1

# chain NAME PROGRAM...: tests/cli/lib.sh runs one program without arguments, so the emulated one is a script.
chain() {
    local name=$1
    shift
    printf '#!/bin/sh\nexec %s "$@"\n' "$*" >"$folder/$name" && chmod +x "$folder/$name"
    RLHF=$folder/$name
    mkdir "$folder/$name-files" && cd "$folder/$name-files" || exit 1
    tiny_project --compute "$compute"
    prompts 0 63 >more.jsonl
    must import more.jsonl
    must sample --max-new-tokens 16
    must judge --rule longer
    must reward --config "$tiny" --no-eval
    must ppo --config "$tiny"
    find runs -name '*.safetensors' | sort | xargs sha256sum >"$folder/$name.txt"
    must export responses --out answers.jsonl
    sed -E 's/"created[^,}]*//' answers.jsonl | sha256sum >>"$folder/$name.txt"
}
for compute in f32 bf16; do
    (chain "here-$compute" "$RLHF") || exit 1
    (chain "arm-$compute" "$emulator $SOURCE_DIR/build/arm64/rlhf") || exit 1
    [ "$(wc -l <"$folder/here-$compute.txt")" -ge 6 ] || { echo "FAILED: there are files to compare" && failed=1; }
    diff "$folder/here-$compute.txt" "$folder/arm-$compute.txt" ||
        { echo "FAILED: $compute: both machines compute the same" && failed=1; }
done
[ $failed -eq 0 ]
