namespace drl::http { }
