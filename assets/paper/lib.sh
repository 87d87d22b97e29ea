# shellcheck shell=bash
# What the tables share; sourced by them. A table calls `begin "$@"`, `cell TASK FAMILY METHOD` for each of its cells,
# `finish`.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
gptui=${GPTUI:-$here/../../build/gptui}
models='' data='' out=paper seeds=1,2,3 only='' extra=()

usage() {
    echo "usage: ${0##*/} --models FOLDER --data FOLDER [--out FOLDER] [--seeds 1,2,3] [--only TASK,...]" \
        "[-- SETTING...]" >&2
    exit 2
}

begin() {
    while [ $# -gt 0 ]; do
        case $1 in
        --models | --data | --out | --seeds | --only)
            [ $# -gt 1 ] || usage
            printf -v "${1#--}" %s "$2"
            shift
            ;;
        --) shift && extra=("$@") && break ;;
        *) usage ;;
        esac
        shift
    done
    [ -n "$models" ] && [ -n "$data" ] || usage
    recipes=$("$gptui" recipes --csv)
    absent=0 failed=0 cells=0
    printf '%-22s %-8s %-10s %9s  %s\n' task backbone method published 'ours, top-1 on test in %'
}

# tasks GROUP: the tasks whose group's name begins with that.
tasks() {
    awk -F , -v group="$1" 'index($2, group) == 1 && !seen[$1]++ { print $1 }' <<<"$recipes"
}

# The first that is there of the names that a backbone is found under.
find_model() {
    local name
    case $1 in
    mae) set -- mae_vitb.bin mae_pretrain_vit_base.pth ;;
    moco) set -- moco_vitb.bin mocov3-ViT-B.pth.tar linear-vit-b-300ep.pth.tar vit-b-300ep.pth.tar ;;
    esac
    for name; do
        [ ! -e "$models/$name" ] || { echo "$models/$name" && return; }
    done
    local IFS='|'
    echo "absent: $models/($*)"
}

# The SPEC of a task's data, or what is absent.
find_data() {
    local folder
    case $1 in
    cub) folder=CUB_200_2011 ;;
    nabirds) folder=nabirds ;;
    flowers) folder=Flowers ;;
    dogs) folder=Dogs ;;
    cars) folder=Cars ;;
    *)
        local why
        if why=$("$gptui" data "vtab:$1:$data/tensorflow_datasets" --quick 2>&1 >/dev/null); then
            echo "vtab:$1:$data/tensorflow_datasets"
        else
            echo "absent: ${why#gptui data: }"
        fi
        return
        ;;
    esac
    [ -d "$data/$folder" ] && echo "fgvc:$1:$data/$folder" || echo "absent: $data/$folder"
}

# published TASK FAMILY METHOD: the number in `gptui recipes`, or -.
published() {
    awk -F , -v task="$1" -v family="$2" -v method="$3" '
        NR == 1 { for (i = 1; i <= NF; i++) if ($i == method) column = i }
        $1 == task && $3 == family && column && $column != "" { print $column; found = 1 }
        END { if (!found) print "-" }' <<<"$recipes"
}

# The line of a finished sweep: mean, standard deviation, number of seeds.
ours() {
    awk -F , 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
        NR == 2 {
            n = $at["n"]; diverged = $at["diverged"]
            if ($at["test.top1"] == "") { printf "no result: %d diverged\n", diverged; exit }
            printf "%.2f", 100 * $at["test.top1"]
            if ($at["test.sd"] != "") printf " +- %.2f", 100 * $at["test.sd"]
            printf " (%d %s", n, (n > 1 ? "seeds" : "seed")
            if (diverged > 0) printf ", %d diverged", diverged
            print ")"
        }' "$1"
}

# cell TASK FAMILY METHOD [PUBLISHED]
cell() {
    local task=$1 family=$2 method=$3 known model spec folder result
    [ -z "$only" ] || [[ ,$only, == *,$task,* ]] || return 0
    cells=$((cells + 1))
    known=${4:-$(published "$task" "$family" "$method")} model=$(find_model "$family") spec=$(find_data "$task")
    folder=$out/$task-$family-$method
    if [[ $model == absent:* ]]; then
        result=$model absent=$((absent + 1))
    elif [[ $spec == absent:* ]]; then
        result=$spec absent=$((absent + 1))
    elif mkdir -p "$out" && "$gptui" sweep --out "$folder" --grid "seed=$seeds" --recipe "$family:$task" --model "$model" --data "$spec" \
        --method "$method" "${extra[@]}" >"$folder.log" 2>&1; then
        result=$(ours "$folder/table.csv")
    else
        result="failed: $(tail -n 1 "$folder.log")" failed=$((failed + 1))
    fi
    printf '%-22s %-8s %-10s %9s  %s\n' "$task" "$family" "$method" "$known" "$result"
}

finish() {
    [ "$cells" -gt 0 ] || { echo "${0##*/}: --only $only names no task of this table" >&2 && exit 2; }
    [ "$absent" -eq 0 ] || echo "$absent cells are absent"
    [ ${#extra[@]} -eq 0 ] || echo "not as published: ${extra[*]}"
    [ "$failed" -eq 0 ]
}
