# Completion of postconf for bash, loaded by bash-completion: options, parameters, services with their fields, settings and
# options step by step, and values. What there is to name is asked of the postconf on the line, once for each completion
# and with the -c of the line.

# What postconf lists with these options; nothing when it cannot.
_postconf_list() { "$program" "${directory[@]}" -q "$@" 2>/dev/null; }

# Reads the words before the current one as postconf does: name space, verb, task, directory, and whether the part has
# words already. A word of options behind the words of an edit starts another part.
_postconf_read_line() {
  local i word
  for ((i = 1; i < cword; i++)); do
    word=${words[i]}
    case $word in
      --apply | --if | --where) ((i++)) ;;
      --clone | --rename) space=M verb=${word#--} given='' ;;
      --uncomment) [ -z "$given" ] || space='' given='' && verb=uncomment ;;
      --explain | --history | --undo | --help) task=${word#--} ;;
      --running) [ -z "$given" ] || verb='' given='' && space=R task=running ;;
      --*) ;;
      -c?*) directory=(-c "${word#-c}") ;;
      -*)
        case $given$word in yes-*[FMOpPReX#]*) space='' verb=e given='' ;; esac
        case $word in -*c) directory=(-c "${words[++i]/#\~\//$HOME/}") ;; -*[CoT]) ((i++)) ;; esac
        case $word in *P*P*) space=PP ;; *[FMOPRbt]*) space=${word//[^FMOPRbt]/} space=${space:0:1} ;; esac
        case $word in *X*) verb=X ;; *\#*) verb=comment ;; *e*) verb=e ;; *[nd]*) lists=${word//[^nd]/} ;; esac
        [ "$space" != R ] || task=running
        ;;
      *)
        given=yes
        [ -n "$verb" ] || case $word in *=*) verb=e ;; esac
        ;;
    esac
  done
}

# Takes the names that begin with the current word, each up to its next slash. SUFFIX stands behind whole ones. A name that
# the shell would read as more than a word is left out: who writes the files does not write on the command line.
_postconf_steps() {
  local suffix=$1 name rest
  local -A seen=()
  while IFS= read -r name; do
    [[ $name == "$cur"* && $name != *[^][:alnum:][_./:%+,@-]* ]] || continue
    rest=${name#"$cur"}
    if [[ $rest == */* ]]; then name=$cur${rest%%/*}/; else name+=$suffix; fi
    [ -n "${seen[$name]-}" ] || COMPREPLY+=("$name")
    seen[$name]=1
  done
  # A query may become an edit, and a step is followed by another.
  case $verb$task:${COMPREPLY[0]-} in :?* | *[/=]) compopt -o nospace 2>/dev/null ;; esac
}

_postconf_services() { _postconf_list -FH '*/*/service' | sed 's,/service$,,'; }

# Parameters of main.cf: those that are set for what needs that, and otherwise all.
_postconf_parameters() {
  case $verb$lists in
    X | comment | n) _postconf_list -nH ;;
    *d) _postconf_list -dH ;;
    *) _postconf_list -H || _postconf_list -dH ;;
  esac
}

_postconf_names() {
  local suffix=
  [ "$verb" != e ] || suffix='='
  case $space in
    M) _postconf_steps "$suffix" < <(_postconf_services) ;;
    F) _postconf_steps "$suffix" < <(_postconf_list -FH) ;;
    O) _postconf_steps "$suffix" < <(_postconf_list -OH) ;;
    R) _postconf_steps '' < <(_postconf_list -RH) ;;
    P | PP)
      local every=-PPH
      case $verb in X | comment) every=-PH ;; esac
      if [[ $cur == */*/* ]]; then
        _postconf_steps "$suffix" < <(_postconf_list $every "${cur%/*}")
      else
        _postconf_steps "$suffix" < <(_postconf_services | sed 's,$,/,')
      fi
      ;;
    *) _postconf_steps "$suffix" < <(_postconf_parameters) ;;
  esac
  # A name that is there in full may go on as an edit.
  if [ -z "$verb$task" ] && [ "${#COMPREPLY[@]}" -eq 1 ] && [ "${COMPREPLY[0]}" = "$cur" ]; then COMPREPLY+=("$cur="); fi
}

# What may stand behind the "=" of the current word.
_postconf_values() {
  local name=${cur%%=*} value=${cur#*=} keep='' one values
  [[ $COMP_WORDBREAKS == *=* ]] || keep=$name=
  case ${name##*/} in
    type) values='inet unix unix-dgram fifo pass' ;;
    private | unprivileged | chroot) values='y n -' ;;
    debug) values='y n' ;;
    *) values=$(_postconf_list --explain "${name##*/}" | sed -n 's/^ *values: *//p') ;;
  esac
  read -ra values <<<"$values"
  for one in "${values[@]}"; do
    [[ $one != "$value"* ]] || COMPREPLY+=("$keep$one")
  done
}

_postconf_options() {
  mapfile -t COMPREPLY < <(compgen -W '-a -A -b -c -C -d -e -f -F -h -H -j -l -m -M -n -o -O -p -P -q -R -t -T -v -x -X -#
    --apply --check --clone --create --dry-run --explain --help --history --if --json --origin --reload --rename --running
    --status --uncomment --undo --where' -- "$cur")
}

_postconf_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen "$1" -- "$cur")
}

# What an option that was given just now wants behind it; fails for one that wants nothing.
_postconf_option_value() {
  case $prev in
    --apply) _postconf_files -f ;;
    -o | --if)
      verb=e
      case $cur in
        *=*) _postconf_values ;;
        */*/*) space=F && _postconf_names ;;
        */*) _postconf_steps '' < <(_postconf_services | sed 's,$,/,') ;;
        *) space='' && _postconf_names ;;
      esac
      ;;
    --where)
      mapfile -t COMPREPLY < <(compgen -W 'service= type= private= unprivileged= chroot= wakeup= process_limit= command=
        program= verbose= debug= argument/ option/' -- "$cur")
      compopt -o nospace 2>/dev/null
      ;;
    --*) return 1 ;;
    -*c) _postconf_files -d ;;
    -*C) mapfile -t COMPREPLY < <(compgen -W 'builtin service user all' -- "$cur") ;;
    -*T) mapfile -t COMPREPLY < <(compgen -W 'compile-version run-version public-key-algorithms' -- "$cur") ;;
    *) return 1 ;;
  esac
}

_postconf() {
  local cur prev words cword program=${1/#\~\//$HOME/} space='' verb='' task='' given='' lists=''
  local directory=()
  _get_comp_words_by_ref -n =: cur prev words cword
  COMPREPLY=()
  _postconf_read_line
  case $cur in --apply=* | --if=* | --where=*) prev=${cur%%=*} cur=${cur#*=} ;; esac
  if _postconf_option_value; then
    :
  elif [[ $cur == -* && ( -z $given || -n $verb ) ]]; then
    _postconf_options
  elif [ "$task" = history ] || [ "$task" = undo ]; then
    :
  elif [[ $space == [bt] ]]; then
    _postconf_files -f
  elif [[ $cur == *=* ]]; then
    _postconf_values
  else
    _postconf_names
  fi
  [ "$(type -t __ltrim_colon_completions)" != function ] || __ltrim_colon_completions "$cur"
}

complete -F _postconf postconf
