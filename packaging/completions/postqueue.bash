# Completion of postqueue, postsuper and postcat for bash: options, fields of a condition, and the queue ids that there are.

_postqueue_ids() {
  local program
  program=$(command -v postqueue) || return
  "$program" "${directory[@]}" -p --first 1000 2>/dev/null | sed -n 's/^\([0-9A-Za-z]\{10,\}\)[*!#]* .*/\1/p'
}

_postqueue_command() {
  local cur prev words cword directory=() options i
  local fields='id state sender sender_domain recipient recipient_domain original reason dsn transport nexthop remote_mta
    diagnostic recipients size age arrived due next attempts message_id subject client_name client_address helo protocol
    sasl_method sasl_username sasl_sender source filter envid smtputf8 warned forced_expire'
  _init_completion || return
  for ((i = 1; i + 1 < cword; i++)); do
    [ "${words[i]}" != -c ] || directory=(-c "${words[i + 1]}")
  done
  case $1 in
    *postqueue) options='-p -j --json --long --where --first --shape --by --buckets --minutes --linear -f -i -s -c -v --help' ;;
    *postsuper) options='-d -h -H -r -e -f --delete --hold --release --requeue --expire --where -p -s -c -v --help' ;;
    *) options='-e -h -b -o -q --json -c -v --help' ;;
  esac
  case $prev in
    -c) _filedir -d; return ;;
    --where) mapfile -t COMPREPLY < <(compgen -W "$fields" -- "${cur#[\"\']}"); return ;;
    --by) options='recipient_domain sender_domain nexthop transport reason client_address sasl_username' ;;
    --first | --buckets | --minutes | -s) [[ $1 == *postqueue ]] && return ;;
    -i | -d | -h | -H | -r | -e | -f)
      case $1$prev in
        *postqueue-f | *postcat-*) ;;
        *postqueue*) options=$(_postqueue_ids) ;;
        *) options="ALL - --where $(_postqueue_ids)" ;;
      esac ;;
  esac
  case $1$cur in
    *postcat | *postcat[!-]*) options=$(_postqueue_ids) ;;
    *postsuper | *postsuper[a-z]*) case $prev in -[dhHref]) ;; *) options+=' hold deferred active' ;; esac ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
}

complete -F _postqueue_command postqueue postsuper postcat
